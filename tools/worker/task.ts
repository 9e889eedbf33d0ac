import { InputError, ModelError, messageOf } from '../../sdk/base/errors.ts';
import type { Embedding } from '../../sdk/core/embedding.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPictureInto } from '../../sdk/picture/picture.ts';
import { PictureMemory } from '../../sdk/picture/picture-memory.ts';
import type { Detections } from '../../sdk/vision/detections.ts';
import { inOrder } from './in-order.ts';

/** A label of a picture as a whole. */
export interface Told {
  readonly label: string;
  /** 0..1 */
  readonly score: number;
  /** The most similar label of an unknown object. */
  readonly nearest?: string;
}

/** What a task tells of a picture; which of them, its kind says. */
export interface Answered {
  readonly detections?: Detections;
  readonly embedding?: Embedding;
  /** Best first. */
  readonly classes?: readonly Told[];
}

export const taskKinds = ['detect', 'embed', 'classify'] as const;
export type TaskKind = (typeof taskKinds)[number];

/** What is asked of each picture. */
export interface Task {
  readonly kind: TaskKind;
  /** The SHA-256 of the network, 64 hexadecimal digits. */
  readonly model: string;
  /** @throws InputError when this picture is not answered. */
  ask(frame: Frame): Promise<Answered>;
  close(): Promise<void>;
}

/** A row that comes in. */
export interface Picture {
  /** Null where the row has none: it is answered all the same. */
  readonly path: string | null;
  /** The bytes of its file, or the path of that; null where there is none. */
  readonly content: Uint8Array | string | null;
  /** Why there is none. */
  readonly why?: string;
}

/** A row that goes out: of a picture that could be read its size, in pixels, and what the task tells; of others `error`. */
export interface Answer extends Answered {
  readonly path: string | null;
  readonly model: string;
  readonly width?: number;
  readonly height?: number;
  readonly error?: string;
}

/** So many pictures are decoded while the network looks at one: decoding takes less time than that, and memory. */
export const ahead = 1;

type Read = { readonly path: string | null; readonly frame?: Frame; readonly error?: unknown };

/**
 * Answers pictures in their order. One that cannot be read is an answer as well.
 *
 * @param memory Of the pictures before, where these are not the first ones.
 * @throws ModelError when the model is of no use for any picture.
 */
export async function* answers(
  pictures: Iterable<Picture> | AsyncIterable<Picture>,
  task: Task,
  memory = new PictureMemory(),
): AsyncGenerator<Answer, void, undefined> {
  const read = async ({ path, content, why }: Picture): Promise<Read> => {
    if (content === null) return { path, error: new InputError(why ?? 'expected the bytes of a picture, got none') };
    return readPictureInto(memory, content, typeof content === 'string' || path === null ? {} : { name: path }).then(
      (frame) => ({ path, frame }),
      (error: unknown) => ({ path, error }),
    );
  };
  for await (const { path, frame, error } of inOrder(pictures, ahead, read, ({ frame }) => frame?.release())) {
    const { model } = task;
    try {
      if (!frame) throw error;
      const { width, height } = frame;
      yield { path, model, width, height, ...(await task.ask(frame)) };
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof ModelError) throw error;
      yield { path, model, error: messageOf(error) };
    } finally {
      frame?.release();
    }
  }
}

/** What was answered. */
export interface Counts {
  pictures: number;
  /** Of them, those that could not be read. */
  errors: number;
}
