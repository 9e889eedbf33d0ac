import { isPictureName } from '../../sdk/picture/picture-kinds.ts';
import type { Device, DeviceOptions } from '../device/device.ts';
import { filePath } from './path.ts';
import { PictureFiles } from './pictures.ts';
import { VideoFile } from './video.ts';

/**
 * The device of `file:`: pictures for a folder or a picture's name, else a video.
 *
 * @throws InputError when the path does not exist.
 */
export function fileDevice(uri: string, rest: string, options?: DeviceOptions): Device {
  const { path, isFolder } = filePath(rest);
  if (isFolder || isPictureName(path)) return new PictureFiles(uri, { path, isFolder }, options);
  return new VideoFile(uri, path, options);
}
