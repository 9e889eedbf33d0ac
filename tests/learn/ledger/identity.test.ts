import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Identity } from '../../../sdk/learn/ledger/identity.ts';
import { temporaryFolder } from '../../support/folders.ts';

/** What another process does in the moment between the look for a key and the making of one. */
const meanwhile = vi.hoisted(() => ({ do: () => {} }));
vi.mock(import('../../../sdk/base/make-folder.ts'), async (original) => {
  const { makeFolderSync, ...others } = await original();
  return {
    ...others,
    makeFolderSync: (...args) => {
      makeFolderSync(...args);
      meanwhile.do();
    },
  };
});

it('is made once, for its owner alone, and nothing lies beside it', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'made', 'learn.pem');
  const { publicKey } = Identity.open(file);
  expect(Identity.open(file).publicKey).toBe(publicKey);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'made'))).toEqual(['learn.pem']);
});

it('is the one that another process made in the same moment', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'learn.pem');
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  meanwhile.do = () => writeFileSync(file, other);
  const { publicKey } = Identity.open(file);
  meanwhile.do = () => {};
  expect(readFileSync(file, 'utf8')).toBe(other);
  expect(Identity.open(file).publicKey).toBe(publicKey);
  expect(readdirSync(folder)).toEqual(['learn.pem']);
});
