import { access, constants, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';

/** Where pictures of a run are written: `FOLDER/cat.jpg` for `album/cat.png`, and `FOLDER/cat-2.jpg` for another `cat`. */
export class AnnotatedFiles {
  readonly #folder: string;
  readonly #taken = new Set<string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes the folder.
   *
   * @param pictures Those that are read.
   * @throws InputError when it cannot be made or written to, or one of the pictures lies in it and could be written over.
   */
  static async in(folder: string, pictures: readonly string[]): Promise<AnnotatedFiles> {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
    } catch (error) {
      throw new InputError(`--out ${folder}: expected a folder that can be written to: ${messageOf(error)}`);
    }
    const target = await realpath(folder);
    for (const picture of new Set(pictures.map((file) => dirname(file)))) {
      // What is not there is said when it is its turn.
      if ((await realpath(picture).catch(() => undefined)) !== target) continue;
      throw new InputError(
        `--out ${folder}: expected another folder than that of the pictures, or they are written over`,
      );
    }
    return new AnnotatedFiles(folder);
  }

  /** The file for a picture; another one for each call. */
  fileFor(picture: string): string {
    const { name } = parse(picture);
    let file = `${name}.jpg`;
    // Names that differ in their capitals are one file on some disks.
    for (let i = 2; this.#taken.has(file.toLowerCase()); i++) file = `${name}-${i}.jpg`;
    this.#taken.add(file.toLowerCase());
    return join(this.#folder, file);
  }
}
