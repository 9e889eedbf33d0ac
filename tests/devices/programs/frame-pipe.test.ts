import { once } from 'node:events';
import { constants, type NodeGCPerformanceDetail, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Child } from '../../../devices/programs/child.ts';
import { framePipe } from '../../../devices/programs/frame-pipe.ts';
import { RawParser } from '../../../devices/stream/raw.ts';
import { pump } from '../../../devices/stream/stream.ts';

const install = 'it is there';
/** Writes this many bytes, each of them told by its place. */
const writes = (bytes: number) => ({
  program: process.execPath,
  args: [
    '-e',
    `const all = Buffer.alloc(${bytes}); for (let i = 0; i < all.length; i++) all[i] = (i * 7 + (i >> 8)) & 255; process.stdout.write(all)`,
  ],
  install,
});
const bytesAt = (i: number) => (i * 7 + (i >> 8)) & 255;

/** Reads as a device does. @param busy Asked after each piece. */
async function read(child: Child, busy: () => Promise<unknown> | undefined, piece = 100_003) {
  const chunks = new Set<ArrayBufferLike>();
  let [length, wrong] = [0, 0];
  const parser = {
    clean: true,
    abandon: () => {},
    write(chunk: Uint8Array, offset: number) {
      chunks.add(chunk.buffer);
      const size = Math.min(piece, chunk.length - offset);
      for (let i = 0; i < size; i += 61) if (chunk[offset + i] !== bytesAt(length + i)) wrong++;
      length += size;
      return size;
    },
  };
  await pump(child.stdout, parser, busy);
  return { length, wrong, memories: chunks.size, how: await child.ended };
}

/** A pipe that is read by a device whose frame has begun; `given` has what lay in its memory each time that was given back. */
async function halfFrame() {
  const { reader, writer } = (await framePipe())!;
  const [width, height] = [640, 480];
  const frame = new Uint8Array((width * height * 3) / 2);
  const given: Uint8Array[] = [];
  const sink = { begin: () => {}, take: () => frame, giveBack: () => given.push(frame.slice()), frame: () => {} };
  const colour = { matrix: 'bt709', range: 'limited' } as const;
  const raw = new RawParser(sink, { format: 'I420', width, height, colour });
  let fail = (_: Error) => {};
  const busy = new Promise<never>((_, reject) => {
    fail = reject;
  });
  let isBusy = false;
  const read = pump(reader, raw, () => {
    isBusy = true;
    return busy;
  });
  read.catch(() => {});
  writer.write(Buffer.alloc(50_000, 1));
  await vi.waitFor(() => expect(isBusy).toBe(true));
  /** What the reader waits for is never to come. */
  const refuse = async () => {
    fail(new Error('the device is gone'));
    await expect(read).rejects.toThrow('the device is gone');
  };
  return { reader, writer, frame, given, refuse };
}

const { TMPDIR } = process.env;
afterEach(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
});

describe('frames of a program', () => {
  it('are read whole into one buffer, also where each piece takes its time', async () => {
    const child = await Child.start(writes(5_000_000), { frames: true });
    let pieces = 0;
    const busy = () => (++pieces % 3 === 0 ? wait(1) : undefined);
    expect(await read(child, busy)).toEqual({ length: 5_000_000, wrong: 0, memories: 1, how: 'exit status 0' });
  });

  it('are read to where they belong, and only the first piece of each is copied', async () => {
    const [width, height, frames] = [1920, 1080, 3];
    const byteLength = (width * height * 3) / 2;
    const child = await Child.start(writes(frames * byteLength), { frames: true });
    const frame = new Uint8Array(new SharedArrayBuffer(byteLength));
    let [seen, wrong, there, elsewhere] = [0, 0, 0, 0];
    const sink = {
      begin: () => {},
      take: () => frame.fill(0),
      giveBack: () => {},
      frame: () => {
        const begin = seen++ * byteLength;
        for (let i = 0; i < byteLength; i++) if (frame[i] !== bytesAt(begin + i)) wrong++;
      },
    };
    const colour = { matrix: 'bt709', range: 'limited' } as const;
    const raw = new RawParser(sink, { format: 'I420', width, height, colour });
    const parser = {
      clean: true,
      abandon: () => raw.abandon(),
      get room() {
        return raw.room;
      },
      write(chunk: Uint8Array, offset: number) {
        if (chunk.buffer === frame.buffer) there += chunk.length;
        else elsewhere += chunk.length - offset;
        return raw.write(chunk, offset);
      },
    };
    let pieces = 0;
    await pump(child.stdout, parser, () => (++pieces % 5 === 0 ? wait(1) : undefined));
    expect({ seen, wrong, how: await child.ended }).toEqual({ seen: frames, wrong: 0, how: 'exit status 0' });
    expect(there).toBeGreaterThan(frames * byteLength * 0.5);
    expect(elsewhere).toBeLessThan(frames * byteLength * 0.5);
  });

  it('leave a frame that is given up alone once its memory is given back', async () => {
    const { writer, reader, frame, given, refuse } = await halfFrame();
    await refuse();
    writer.write(Buffer.alloc(50_000, 2));
    await vi.waitFor(() => expect(given).toHaveLength(1));
    writer.end(Buffer.alloc(50_000, 3));
    await once(reader, 'close');
    expect(Buffer.compare(frame, given[0]!)).toBe(0);
    expect(given).toHaveLength(1);
  });

  it('have the memory of a frame that is given up back at the end, where nothing more comes', async () => {
    const { writer, reader, given, refuse } = await halfFrame();
    await refuse();
    reader.destroy();
    await once(reader, 'close');
    expect(given).toHaveLength(1);
    writer.destroy();
  });

  it('come through an ordinary pipe where there is no place for one of their own', async () => {
    process.env.TMPDIR = '/nonexistent';
    const child = await Child.start(writes(300_000), { frames: true });
    expect(await read(child, () => undefined)).toMatchObject({ length: 300_000, wrong: 0, how: 'exit status 0' });
  });

  it('do not make the garbage collector mark everything', async () => {
    let marks = 0;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { detail } = entry as PerformanceEntry & { detail: NodeGCPerformanceDetail };
        if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) marks++;
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    const args = ['-c', String(400e6), '/dev/zero'];
    const child = await Child.start({ program: 'head', args, install }, { frames: true });
    let length = 0;
    const write = (chunk: Uint8Array, offset: number) => {
      length += chunk.length - offset;
      return chunk.length - offset;
    };
    await pump(child.stdout, { clean: true, abandon: () => {}, write });
    await wait(50);
    observer.disconnect();
    expect(length).toBe(400e6);
    // Of chunks with memory of their own it is one for each 16 MB or so.
    expect(marks).toBeLessThan(5);
  });

  it('end with the program, and when nobody wants them any more', async () => {
    const child = await Child.start({ program: 'cat', args: ['/dev/zero'], install }, { frames: true });
    const reading = pump(child.stdout, {
      clean: true,
      abandon: () => {},
      write: (chunk, offset) => chunk.length - offset,
    });
    await wait(50);
    await child.stop();
    await reading;
    // Before the signal comes it may see that nobody reads: `cat` takes a connection that was reset for an error.
    expect(await child.ended).toMatch(/killed by SIG|^exit status 1$/);
    expect(child.running).toBe(false);
  });
});
