import { readFileSync } from 'node:fs';
import { asset } from '../../../sdk/base/assets.ts';

/**
 * A listing of `v4l2-ctl`: of the kernel's virtual camera (vivid) as it was printed, of a webcam (uvc) written after those
 * that people show of theirs, with what is rare in them added.
 */
export const listed = (name: string) => readFileSync(asset('tests', 'devices', 'v4l2', 'listings', name), 'utf8');

/** Rates by size by format: `{ YUYV: { '640x480': [30, 15] } }`. */
export type Offer = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

const descriptions: Readonly<Record<string, string>> = {
  YUYV: 'YUYV 4:2:2',
  NV12: 'Y/UV 4:2:0',
  MJPG: 'Motion-JPEG, compressed',
  H264: 'H.264, compressed',
  GREY: '8-bit Greyscale',
};

/** The same as `v4l2-ctl --list-formats-ext` prints it. */
export function listing(offer: Offer): string {
  const lines = ['ioctl: VIDIOC_ENUM_FMT', '\tType: Video Capture', ''];
  Object.entries(offer).forEach(([fourcc, sizes], index) => {
    lines.push(`\t[${index}]: '${fourcc}' (${descriptions[fourcc] ?? fourcc})`);
    for (const [size, rates] of Object.entries(sizes)) {
      lines.push(`\t\tSize: ${size.includes(' ') ? size : `Discrete ${size}`}`);
      for (const rate of rates) {
        lines.push(`\t\t\tInterval: Discrete ${(1 / rate).toFixed(3)}s (${rate.toFixed(3)} fps)`);
      }
    }
  });
  return `${lines.join('\n')}\n`;
}
