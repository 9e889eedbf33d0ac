import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../../sdk/base/system-files.ts';
import type { FoundCamera } from '../device/found-camera.ts';
import { askProgram } from '../programs/ask-program.ts';
import { findProgram } from '../programs/find-program.ts';

/**
 * Names of video nodes that are no cameras: decoders, encoders, scalers, and the raw sensors of a Raspberry Pi, whose
 * pictures only libcamera can make.
 */
const notCameras =
  /codec|-isp|pispbe|rp1-cfe|unicam|hevc|rpivid|m2m|-dec\b|-enc\b|vdec|venc|decoder|encoder|jpeg|hantro|rga/i;

/**
 * The cameras that Video4Linux has.
 *
 * A USB camera has several nodes; the one with index 0 gives pictures, the others metadata. Where `v4l2-ctl` is
 * installed, it is asked what each node can do.
 *
 * @param root Where `sys` and `dev` are; `/` but in tests.
 */
export async function findV4l2Cameras(root = '/'): Promise<FoundCamera[]> {
  const folder = join(root, 'sys/class/video4linux');
  let nodes: string[];
  try {
    nodes = readdirSync(folder).filter((name) => /^video\d+$/.test(name));
  } catch {
    return [];
  }
  const cameras: FoundCamera[] = [];
  for (const node of nodes.sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))) {
    const name = readText(join(folder, node, 'name')) || node;
    if (readText(join(folder, node, 'index')) !== '0' || notCameras.test(name)) continue;
    const path = `/dev/${node}`;
    if (!(await canCapture(path))) continue;
    // Some drivers say `HD USB Camera: HD USB Camera`.
    const [first, second] = name.split(': ');
    cameras.push({ uri: `v4l2:${path}`, title: `${first === second ? first : name} (${path})`, kind: 'v4l2' });
  }
  return cameras;
}

/** True also where nothing can tell. */
async function canCapture(path: string): Promise<boolean> {
  if (!findProgram('v4l2-ctl')) return true;
  const answer = await askProgram('v4l2-ctl', ['--device', path, '--info']);
  return answer === undefined || hasVideoCapture(answer);
}

/** Whether the output of `v4l2-ctl --info` says that this node delivers pictures. True when it does not say. */
export function hasVideoCapture(info: string): boolean {
  const lines = info.split('\n');
  const start = lines.findIndex((line) => line.includes('Device Caps')) + 1;
  if (start === 0 || !lines[start]?.startsWith('\t\t')) return true;
  const end = lines.findIndex((line, i) => i >= start && !line.startsWith('\t\t'));
  return lines.slice(start, end < 0 ? undefined : end).some((line) => /\bVideo Capture\b/.test(line));
}
