import { ClassicLevel } from 'classic-level';
import type { Ledger } from '../../sdk/learn/ledger/ledger.ts';

/** Puts a ledger into a folder as an earlier version does. */
export async function putOfOld(
  folder: string,
  ledger: Ledger,
  more: Readonly<Record<string, Buffer>> = {},
): Promise<void> {
  const db = new ClassicLevel<string, Buffer>(folder, { valueEncoding: 'buffer' });
  await db.open();
  const { space, dimension, node, replica } = ledger;
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  await db.put('meta', json({ format: 1, space, dimension, node, replica }));
  for (const part of ledger.parts()) {
    const { items, seen, ...fields } = part;
    const name = JSON.stringify(Object.values(fields));
    await db.put(`p${name}`, json({ ...fields, seen: [...seen] }));
    for (const item of items.values()) {
      if (!('embedding' in item)) continue;
      const { embedding, ...others } = item;
      const text = json({ ...others, scale: embedding.scale });
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      await db.put(`i${item.id} ${name}`, Buffer.concat([length, text, Buffer.from(embedding.values)]));
    }
  }
  for (const [key, value] of Object.entries(more)) await db.put(key, value);
  await db.close();
}
