import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../sdk/hub/outbox/outbox.ts';
import { letters, put } from '../../sdk/learn/ledger/ledger-records.ts';
import { LedgerStore } from '../../sdk/learn/ledger/ledger-store.ts';
import { encodings } from '../../sdk/store/level.ts';
import { RecordFile } from '../../tools/update/record-file.ts';
import { draft, embeddings } from '../learn/fakes.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';

// A system that came back after an update finds what the newer version has written meanwhile.

async function entriesOf(folder: string): Promise<[string, string][]> {
  const db = new ClassicLevel<Buffer, Buffer>(folder, encodings);
  const all = (await db.iterator().all()).map(([key, value]): [string, string] => [
    key.toString('latin1'),
    value.toString('base64'),
  ]);
  await db.close();
  return all;
}

async function write(folder: string, operations: ReturnType<typeof put>[]): Promise<void> {
  const db = new ClassicLevel<Buffer, Buffer>(folder, encodings);
  await db.batch(operations);
  await db.close();
}

describe('what a newer version left is not lost to it', () => {
  it('what was taught: a store of a later form is not touched, and read again by who knows it', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const options = { space: 'test', dimension: 8, node: 'a', logger: recorder() };
    const store = await LedgerStore.open(folder, options);
    await store.teach(draft('cat', embeddings(1, 8)(0)));
    await store.close();
    const meta = { format: 3, space: 'test', dimension: 8, node: 'a', replica: '00' };
    const before = (await entriesOf(folder)).filter(([key]) => key === letters.meta || key === letters.metaAgain);
    await write(
      folder,
      [letters.meta, letters.metaAgain].map((key) => put(key, Buffer.from(JSON.stringify(meta)))),
    );
    const later = await entriesOf(folder);
    await expect(LedgerStore.open(folder, options)).rejects.toThrow(
      /of a later version of Ocellus \(format 3, this version reads 2\): nothing of it is touched/,
    );
    expect(await entriesOf(folder)).toEqual(later);
    await write(
      folder,
      before.map(([key, value]) => ({
        type: 'put',
        key: Buffer.from(key, 'latin1'),
        value: Buffer.from(value, 'base64'),
      })),
    );
    const again = closing(await LedgerStore.open(folder, options), (it) => it.close());
    expect([again.damage, again.ledger.examples().length]).toEqual([undefined, 1]);
  });

  it('messages that wait: queues that this version does not know stay', async () => {
    const folder = join(temporaryFolder(), 'outbox');
    const open = async () => {
      const outbox = new Outbox({ folder, logger: recorder() });
      outbox.open(() => {});
      await until(() => outbox.stats.storage === 'disk');
      return outbox;
    };
    const outbox = await open();
    outbox.put({ topic: 'events', payload: Buffer.from('1'), retain: false, kind: 'event' });
    await outbox.close();
    const foreign = { type: 'put' as const, key: Buffer.from('zlater'), value: Buffer.from('of a later version') };
    await write(folder, [foreign]);
    const again = await open();
    expect(again.stats.depth).toBe(1);
    await again.close();
    expect(await entriesOf(folder)).toContainEqual(['zlater', foreign.value.toString('base64')]);
  });

  it('the record of an update: fields that this version does not know are passed over', async () => {
    const path = join(temporaryFolder(), 'record.json');
    const record = { phase: 'trial', slot: 'b', version: '2.0.0', from: '1.0.0' };
    writeFileSync(path, JSON.stringify({ ...record, mood: 'good' }));
    expect(await new RecordFile(path).load()).toMatchObject(record);
    writeFileSync(path, JSON.stringify({ ...record, phase: 'hesitating' }));
    expect(await new RecordFile(path).load()).toBeUndefined();
  });
});

it('a full data partition is told of before anything is written', async () => {
  // No folder can be made where a file is.
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, '');
  const store = new RecordFile(join(path, 'record.json'));
  await expect(store.save({ phase: 'writing', slot: 'b', version: '2', from: '1' })).rejects.toThrow(
    /cannot be written: .*; make room and try again/,
  );
});
