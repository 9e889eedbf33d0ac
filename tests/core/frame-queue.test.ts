import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CoreThread } from '../../sdk/core/core-thread.ts';
import { FrameQueue, LateError, type Question } from '../../sdk/core/frame-queue.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { greyFrame } from '../vision/fakes.ts';

const question: Question = { type: 'encode', regions: undefined };
const answer = { type: 'encoded' } as never;

/** A core that answers when it is told to, or at the next turn of the event loop. */
class FakeThread {
  readonly asked: number[] = [];
  closed = false;
  hold: Promise<void> | undefined;
  error: Error | undefined;

  async request({ frame }: { frame: { width: number } }): Promise<never> {
    this.asked.push(frame.width);
    await (this.hold ?? new Promise((resolve) => setImmediate(resolve)));
    if (this.error) throw this.error;
    return answer;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function queueOf() {
  const thread = new FakeThread();
  return { thread, queue: new FrameQueue('fake', thread as unknown as CoreThread) };
}

/** Frames are told apart by their width. */
const frameOf = (width: number): Frame => greyFrame(0, { width, height: 8, noise: 0 });

/** Asks again and again, with a frame that is there at once. */
async function camera(queue: FrameQueue, width: number, weight: number, isOver: () => boolean): Promise<void> {
  const frame = frameOf(width);
  while (!isOver()) await queue.ask(frame, question, 'encoded', { stream: { name: String(width), weight } });
}

describe('FrameQueue', () => {
  it('gives two cameras that want more than there is their shares, and three', async () => {
    for (const weights of [
      [1, 1],
      [3, 1],
      [1, 5],
      [2, 1, 1],
      [6, 2, 1, 1],
    ]) {
      const { thread, queue } = queueOf();
      const sum = weights.reduce((total, weight) => total + weight, 0);
      const isOver = () => thread.asked.length >= 40 * sum;
      await Promise.all(weights.map((weight, i) => camera(queue, 16 + i, weight, isOver)));
      for (const [i, weight] of weights.entries()) {
        const turns = thread.asked.filter((width) => width === 16 + i).length;
        expect(Math.abs(turns / (40 * weight) - 1), `${weights} ${i}: ${turns}`).toBeLessThan(0.15);
      }
    }
  });

  it('waits for the heavier one until it comes, whoever else comes meanwhile, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { thread, queue } = queueOf();
    const ask = (width: number, weight: number) =>
      queue.ask(frameOf(width), question, 'encoded', { stream: { name: String(width), weight } });
    // These had a turn; the heavier one has ten for the next of each.
    await Promise.all([ask(17, 1), ask(18, 1)]);
    thread.asked.length = 0;
    let answer = () => {};
    thread.hold = new Promise((resolve) => {
      answer = resolve;
    });
    const first = ask(16, 10);
    const waits = ask(17, 1);
    // A turn of a second: a quarter of it is waited, and here no time goes by of which the test does not know.
    vi.advanceTimersByTime(1000);
    thread.hold = undefined;
    answer();
    await first;
    await new Promise(setImmediate);
    const meanwhile = ask(18, 1);
    await new Promise(setImmediate);
    expect(thread.asked).toEqual([16]);
    const second = ask(16, 10);
    await second;
    expect(thread.asked.slice(0, 2)).toEqual([16, 16]);
    // It does not come again: the others have their turns when the time is over.
    await new Promise(setImmediate);
    vi.advanceTimersByTime(1000);
    await Promise.all([waits, meanwhile]);
    expect(thread.asked).toEqual([16, 16, 17, 18]);
  });

  it('does not wait for one that does not come', async () => {
    const { thread, queue } = queueOf();
    const heavy = queue.ask(frameOf(100), question, 'encoded', { stream: { name: 'heavy', weight: 10 } });
    const isOver = () => thread.asked.length > 30;
    await Promise.all([heavy, camera(queue, 16, 1, isOver)]);
    expect(thread.asked.length).toBe(31);
  });

  it('gives back what waited too long while another is looked at, and keeps its place; the core never idles', async () => {
    const { thread, queue } = queueOf();
    const holds: (() => void)[] = [];
    const hold = () => {
      thread.hold = new Promise((resolve) => holds.push(resolve));
    };
    const ask = (width: number, maxWaitMs: number) => {
      const frame = frameOf(width);
      const asked = queue.ask(frame, question, 'encoded', { stream: { name: String(width % 10) }, maxWaitMs });
      frame.release();
      return { frame, asked: asked.catch((error: unknown) => error) };
    };
    hold();
    const first = ask(21, 0);
    const second = ask(22, 0);
    const third = ask(23, 0);
    const patient = ask(24, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    // The second is late too, but there is nothing better to do.
    hold();
    holds.shift()!();
    expect(await third.asked).toBeInstanceOf(LateError);
    expect(third.frame.references).toBe(0);
    const again = ask(33, 60_000);
    thread.hold = undefined;
    holds.shift()!();
    for (const { asked } of [first, second, patient, again]) expect(await asked).toBe(answer);
    expect(thread.asked).toEqual([21, 22, 33, 24]);
  });

  it('refuses a weight that is none', async () => {
    const { thread, queue } = queueOf();
    const frame = frameOf(16);
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const asked = queue.ask(frame, question, 'encoded', { stream: { name: 'door', weight } });
      await expect(asked).rejects.toThrow(`stream.weight: expected a number above 0, got ${weight}`);
    }
    expect([frame.references, thread.asked.length]).toEqual([1, 0]);
  });

  it('rejects what waits when it is closed, and takes no more', async () => {
    const { thread, queue } = queueOf();
    const frame = frameOf(16);
    const asked = [1, 2, 3].map(() => queue.ask(frame, question, 'encoded'));
    const settled = Promise.allSettled(asked);
    await queue.close();
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(queue.ask(frame, question, 'encoded')).rejects.toThrow('the model fake was closed');
    expect(thread.closed).toBe(true);
    expect(frame.references).toBe(1);
  });

  it('goes on after an error, and refuses more than it can hold', async () => {
    const { thread, queue } = queueOf();
    const frame = frameOf(16);
    thread.error = new Error('it broke');
    await expect(queue.ask(frame, question, 'encoded')).rejects.toThrow('it broke');
    thread.error = undefined;
    const asked = Array.from({ length: 65 }, () => queue.ask(frame, question, 'encoded'));
    await expect(queue.ask(frame, question, 'encoded')).rejects.toThrow(/64 frames wait/);
    expect((await Promise.all(asked)).length).toBe(65);
    expect(queue.busy).toBe(false);
  });
});
