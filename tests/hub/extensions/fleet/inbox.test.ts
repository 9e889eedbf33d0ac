import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { Inbox, type InboxOptions } from '../../../../sdk/hub/extensions/fleet/inbox.ts';
import { writeSharedPart } from '../../../../sdk/hub/extensions/fleet/shared-part.ts';
import { Ledger } from '../../../../sdk/learn/ledger/ledger.ts';
import type { Part } from '../../../../sdk/learn/ledger/part.ts';
import { draft } from '../../../learn/fakes.ts';
import { dimension, sample, space } from './board.ts';

const patience = { timeout: 60_000 };

/** An inbox before a ledger, with all that it says. */
function inbox(merge?: (parts: readonly Part[]) => Promise<readonly Part[]>) {
  const ledger = new Ledger({ space, dimension, node: 'porch' });
  const merges: number[] = [];
  const said: string[] = [];
  const learner: InboxOptions['learner'] = {
    ledger,
    merge: async (parts) => {
      merges.push(parts.length);
      return merge ? merge(parts) : ledger.merge(parts);
    },
  };
  const box = new Inbox({
    learner,
    trusted: undefined,
    gatherMs: 20,
    onMerged: ({ topic }) => said.push(`merged ${topic}`),
    onBad: ({ topic }, _, isNews) => said.push(`${isNews ? 'new bad' : 'bad'} ${topic}`),
    onRefused: ({ topic }, reason) => said.push(`refused ${topic}: ${reason}`),
    onOverflow: () => said.push('overflow'),
  });
  const take = (label: string, payload: Buffer, node = 'shed') => {
    const name = { node, head: 'object', label };
    box.take({ topic: label, name, payload, retained: true, link: undefined });
  };
  return { box, ledger, merges, said, take };
}

const shed = new Ledger({ space, dimension, node: 'shed' });
function message(label: string): Buffer {
  shed.teach(draft(label, sample(0)));
  const part = shed.part({ node: 'shed', head: 'object', label })!;
  return writeSharedPart(part, { space, dimension, node: 'shed', parent: undefined, identity: undefined });
}

describe('Inbox', () => {
  it('merges what comes together at once, and what it knows not again', async () => {
    const { box, ledger, merges, said, take } = inbox();
    const messages = ['a', 'b', 'c'].map((label) => ({ label, payload: message(label) }));
    for (const { label, payload } of messages) take(label, payload);
    expect(box.isBusy).toBe(true);
    await vi.waitFor(() => expect(ledger.size).toBe(3), patience);
    for (const { label, payload } of messages) take(label, payload);
    expect(box.isBusy).toBe(false);
    expect(merges).toEqual([3]);
    expect(said).toEqual(['a', 'b', 'c', 'a', 'b', 'c'].map((label) => `merged ${label}`));
  });

  it('has room for 16 MB; what is beyond is said, and nothing of it is kept', async () => {
    const { box, said, take } = inbox();
    for (let i = 0; i < 24; i++) take(`label ${i}`, randomBytes(1 << 20));
    expect(said).toEqual(Array(9).fill('overflow'));
    await vi.waitFor(() => expect(box.isBusy).toBe(false), patience);
    expect(said).toHaveLength(24);
    // There is room again.
    take('label 23', randomBytes(1 << 20));
    expect(said).toHaveLength(24);
    box.stop();
  });

  it('has room for thousands of small ones, not for millions', () => {
    const { box, said, take } = inbox();
    const payload = Buffer.from('garbage');
    for (let i = 0; i < 20_000; i++) take(`${i}`, payload);
    expect(said.length).toBeGreaterThan(3000);
    expect(said.length).toBeLessThan(10_000);
    box.stop();
  });

  it('has room for topics only as long as they are short', () => {
    const { box, said } = inbox();
    const payload = Buffer.from('garbage');
    for (let i = 0; i < 1000; i++) {
      const topic = `${'x'.repeat(60_000)}${i}`;
      box.take({ topic, name: { node: 'shed', head: 'object', label: 'a' }, payload, retained: true, link: undefined });
    }
    expect(said.length).toBeGreaterThan(800);
    box.stop();
  });

  it('remembers a thousand topics that were wrong, however many there are', async () => {
    const { box, said, take } = inbox();
    const count = 3000;
    for (let i = 0; i < count; i++) take(`${i}`, Buffer.from('garbage'));
    await vi.waitFor(() => expect(box.isBusy).toBe(false), patience);
    take(`${count - 1}`, Buffer.from('garbage'));
    take('0', Buffer.from('garbage'));
    await vi.waitFor(() => expect(box.isBusy).toBe(false), patience);
    expect(said).toHaveLength(count + 2);
    expect(said.slice(-2)).toEqual([`bad ${count - 1}`, 'new bad 0']);
  });

  it('a disk that takes nothing refuses all of them, once', async () => {
    const { merges, said, take } = inbox(() => Promise.reject(new Error('the disk is full')));
    const messages = ['a', 'b'].map((label) => ({ label, payload: message(label) }));
    for (const { label, payload } of messages) take(label, payload);
    await vi.waitFor(
      () => expect(said).toEqual(['refused a: the disk is full', 'refused b: the disk is full']),
      patience,
    );
    expect(merges).toEqual([2]);
  });

  it('is quiet once it is stopped, whatever is under way', async () => {
    let end = () => {};
    const { box, merges, said, take } = inbox(() => new Promise((resolve) => (end = () => resolve([]))));
    take('a', message('a'));
    await vi.waitFor(() => expect(merges).toEqual([1]), patience);
    box.stop();
    end();
    await vi.waitFor(() => expect(box.isBusy).toBe(false), patience);
    expect(said).toEqual([]);
  });
});
