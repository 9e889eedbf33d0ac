import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inOrder } from '../../tools/worker/in-order.ts';

describe('inOrder', () => {
  it('gives results in the order of the items, whichever is done first', async () => {
    const taken: number[] = [];
    const work = async (n: number) => {
      await sleep(n === 0 ? 20 : 0);
      return n * 10;
    };
    for await (const result of inOrder([0, 1, 2, 3], 2, work)) taken.push(result);
    expect(taken).toEqual([0, 10, 20, 30]);
  });

  it('works on no more than so many items ahead of the taker', async () => {
    let begun = 0;
    let most = 0;
    let taken = 0;
    const work = async (n: number) => {
      begun++;
      return n;
    };
    for await (const _ of inOrder(Array(20).keys(), 3, work)) {
      await sleep(1);
      taken++;
      most = Math.max(most, begun - taken);
    }
    expect([begun, taken, most]).toEqual([20, 20, 3]);
  });

  it('gives what is done while the source waits for it', async () => {
    let answered = 0;
    async function* source() {
      for (let n = 0; n < 3; n++) {
        yield n;
        while (answered <= n) await sleep(1);
      }
    }
    for await (const result of inOrder(source(), 5, async (n) => n)) {
      expect(result).toBe(answered);
      answered++;
    }
    expect(answered).toBe(3);
  });

  it('gives the error of the source after what came before it', async () => {
    const taken: number[] = [];
    async function* source() {
      yield 1;
      yield 2;
      throw new Error('torn');
    }
    const run = async () => {
      for await (const result of inOrder(source(), 1, async (n) => n)) taken.push(result);
    };
    await expect(run()).rejects.toThrow('torn');
    expect(taken).toEqual([1, 2]);
  });

  it('gives an error in its place, and what nobody takes to `discard`', async () => {
    const left: number[] = [];
    const taken: number[] = [];
    let ended = false;
    function* source() {
      try {
        for (let n = 0; n < 9; n++) yield n;
      } finally {
        ended = true;
      }
    }
    const work = async (n: number) => {
      if (n === 2) throw new Error('two');
      return n;
    };
    const run = async () => {
      for await (const result of inOrder(source(), 2, work, (result) => left.push(result))) {
        taken.push(result);
        await sleep(1);
      }
    };
    await expect(run()).rejects.toThrow('two');
    await sleep(1);
    expect([taken, left[0], ended]).toEqual([[0, 1], 3, true]);
  });
});
