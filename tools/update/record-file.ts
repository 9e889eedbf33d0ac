import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import type { RecordStore, UpdateRecord } from '../../sdk/update/card.ts';

/** What this version understands; a record of a later one may have more, which is passed over. */
const Record = Type.Object({
  phase: Type.Union(['writing', 'trial', 'committed', 'rolled_back', 'failed'].map((phase) => Type.Literal(phase))),
  slot: Type.Union([Type.Literal('a'), Type.Literal('b')]),
  version: Type.String(),
  from: Type.String(),
  reason: Type.Optional(Type.String()),
  before: Type.Optional(
    Type.Object({ cameras: Type.Array(Type.String()), broker: Type.Boolean(), native: Type.Boolean() }),
  ),
});

/** The record of the newest update as a file. Both slots read and write it, the older version as well as the newer. */
export class RecordFile implements RecordStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<UpdateRecord | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      return Value.Check(Record, value) ? (value as UpdateRecord) : undefined;
    } catch {
      return undefined;
    }
  }

  async save(record: UpdateRecord): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await replaceFile(this.#path, `${JSON.stringify(record)}\n`, 0o600);
    } catch (error) {
      throw new InputError(`${this.#path} cannot be written: ${messageOf(error)}; make room and try again`);
    }
  }
}
