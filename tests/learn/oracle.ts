import type { Embedding } from '../../sdk/core/embedding.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import type { Oracle } from '../../sdk/learn/camera/object-names.ts';
import type { Head } from '../../sdk/learn/heads/head.ts';
import { HeadVersions } from '../../sdk/learn/heads/head-versions.ts';
import { objectHead } from '../../sdk/learn/ledger/example.ts';
import { examplesOf } from './examples.ts';
import { embeddings } from './fakes.ts';

const dimension = 64;

/** A network that sees how bright the middle of a region is: dark, grey or bright; and heads for what it sees. */
export class FakeOracle implements Oracle {
  readonly #sample = embeddings(3, dimension);
  readonly #heads = new Map<string, HeadVersions>();
  /** The regions of each call. */
  readonly asked: number[] = [];
  /** What the next calls fail with. */
  error: Error | undefined;

  async embed(frame: Frame, regions: Parameters<Oracle['embed']>[1]): Promise<Embedding[]> {
    if (this.error) throw this.error;
    this.asked.push(regions.length);
    return regions.map(({ x, y, width, height }) => {
      const { data, stride } = frame.planes[0]!;
      const step = frame.format === 'RGB24' ? 3 : 1;
      const value = data[(y + (height >> 1)) * stride + (x + (width >> 1)) * step]!;
      return this.sample(value < 85 ? 0 : value < 170 ? 1 : 2);
    });
  }

  sample(brightness: 0 | 1 | 2): Embedding {
    return this.#sample(brightness, 0.1);
  }

  head(name: string): Head | undefined {
    return this.#heads.get(name)?.current?.head;
  }

  /** What dark, grey and bright are called from now on; without a word it is a negative. */
  teach(words: readonly (string | undefined)[], { head = objectHead, each = 8 } = {}): void {
    const versions = this.#heads.get(head) ?? new HeadVersions(head);
    this.#heads.set(head, versions);
    const all = words.flatMap((word, i) =>
      examplesOf([word ?? words[0]!], each, () => this.sample(i as 0 | 1 | 2)).map((one) => ({
        ...one,
        head,
        negative: word === undefined,
      })),
    );
    versions.train(all, true);
  }
}
