import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { expandHome } from '../../sdk/base/home.ts';
import { otherThanFile } from '../../sdk/base/other-than-file.ts';

/**
 * The absolute path a `file:` URI means: `file:clip.mp4`, `file:./clip.mp4` and `file:/media/clip.mp4` are taken as
 * they are written (spaces and `%` included), `file:~/clip.mp4` is in the home folder, and `file:///media/a%20clip.mp4`
 * is a URL with its escapes.
 *
 * @throws InputError when it is empty or does not exist, or is neither a file nor a folder: a pipe, a device.
 */
export function filePath(rest: string): { path: string; isFolder: boolean } {
  if (rest === '')
    throw new InputError('file: expected the path of a video, a picture or a folder, such as file:clip.mp4');
  let path = expandHome(rest);
  if (rest.startsWith('//')) {
    try {
      path = fileURLToPath(`file:${rest}`);
    } catch (error) {
      throw new InputError(
        `file:${rest}: ${messageOf(error)}; write file:relative/path, file:/absolute/path or file:///absolute/url`,
      );
    }
  }
  path = resolve(path);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new InputError(`file: ${path} does not exist (looked from ${process.cwd()})`);
  const other = otherThanFile(stat);
  if (other !== undefined) {
    const isCamera = /^\/dev\/video\d+$/.test(path);
    const pipeHint = stat.isFIFO() ? `; live video from it is pipe:${rest}` : '';
    const hint = isCamera ? `; a camera is named v4l2:${path}` : pipeHint;
    throw new InputError(`file: expected a file or a folder, but ${path} is ${other}${hint}`);
  }
  return { path, isFolder: stat.isDirectory() };
}
