import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** Keeps a canvas as sharp as the screen is, and calls back when it must be drawn again. */
export function useCanvasSize(canvas: RefObject<HTMLCanvasElement | null>, draw: () => void): void {
  useEffect(() => {
    const element = canvas.current!;
    const measure = () => {
      const width = Math.round(element.clientWidth * devicePixelRatio);
      const height = Math.round(element.clientHeight * devicePixelRatio);
      if (element.width === width && element.height === height) return;
      element.width = width;
      element.height = height;
      draw();
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [canvas, draw]);
}
