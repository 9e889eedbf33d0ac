import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Frame } from '../../sdk/frame/frame.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import type { Picture, Task } from '../../tools/worker/task.ts';
import { photo } from '../cli/cli.ts';

export const model = 'f'.repeat(64);

/** Finds one thing as large as the picture in each; asks no network. */
export const fakeTask: Task = {
  kind: 'detect',
  model,
  ask: async ({ width, height }: Frame) => ({
    detections: Detections.from([{ box: [0, 0, width, height], score: 0.5, classId: 0 }], ['thing']),
  }),
  close: async () => {},
};

export const pictureOf = async (name: string): Promise<Picture & { path: string; content: Uint8Array }> => ({
  path: `file:/${name}`,
  content: await readFile(photo(name)),
});

/** Collects what is written. */
export function sink() {
  const parts: Buffer[] = [];
  return {
    write: async (bytes: Uint8Array | string) => {
      parts.push(Buffer.from(bytes));
    },
    taken: () => Buffer.concat(parts),
  };
}

/** Comes in pieces of so many bytes. */
export const inPieces = (bytes: Uint8Array, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      Buffer.from(bytes.subarray(i * size, (i + 1) * size)),
    ),
    { objectMode: false },
  );
