import { access, constants, realpath } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { makeFolder } from '../../sdk/base/make-folder.ts';

/** The output files of a run: `FOLDER/cat.jpg` for `album/cat.png`, and `FOLDER/cat-2.jpg` for another `cat`. */
export class AnnotatedFiles {
  readonly #folder: string;
  readonly #taken = new Set<string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes the folder.
   *
   * @param pictures The input pictures.
   * @throws InputError when it cannot be made or written to, or an input picture in it could be overwritten.
   */
  static async in(folder: string, pictures: readonly string[]): Promise<AnnotatedFiles> {
    try {
      await makeFolder(folder);
      await access(folder, constants.W_OK);
    } catch (error) {
      throw new InputError(`--out ${folder}: expected a writable folder: ${messageOf(error)}`);
    }
    const target = await realpath(folder);
    for (const picture of new Set(pictures.map((file) => dirname(file)))) {
      // A missing picture is reported when it is read.
      if ((await realpath(picture).catch(() => undefined)) !== target) continue;
      throw new InputError(
        `--out ${folder}: expected a folder other than that of the pictures, which would be overwritten`,
      );
    }
    return new AnnotatedFiles(folder);
  }

  /** Returns the file for a picture; a new one with each call. */
  fileFor(picture: string): string {
    const { name } = parse(picture);
    let file = `${name}.jpg`;
    // Names that differ only in case are one file on some disks.
    for (let i = 2; this.#taken.has(file.toLowerCase()); i++) file = `${name}-${i}.jpg`;
    this.#taken.add(file.toLowerCase());
    return join(this.#folder, file);
  }
}
