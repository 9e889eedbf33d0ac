import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { othersPaths, settled } from './save-camera.ts';
import { settingInWords } from './words.ts';

const shownMs = 20_000;

/** Says what others have just changed in a camera's settings: another tab or person, MQTT, the settings file. */
export function Elsewhere({ camera }: { camera: CameraState }) {
  const known = useRef(camera);
  const newest = useRef(camera);
  newest.current = camera;
  const [changed, setChanged] = useState<readonly string[]>([]);
  useEffect(() => {
    let isShown = true;
    // Which of it came from here is known with the answer.
    settled(camera.name).then(() => {
      if (!isShown) return;
      const others = othersPaths(known.current, newest.current).map(settingInWords);
      known.current = newest.current;
      if (others.length > 0) setChanged((before) => [...new Set([...before, ...others])]);
    });
    return () => {
      isShown = false;
    };
  }, [camera.revision]);
  useEffect(() => {
    if (changed.length === 0) return;
    const timer = setTimeout(() => setChanged([]), shownMs);
    return () => clearTimeout(timer);
  }, [changed]);
  return (
    <p class={changed.length > 0 ? 'elsewhere' : ''} role="status">
      {changed.length > 0 && `Changed elsewhere just now: ${changed.join(', ')}.`}
    </p>
  );
}
