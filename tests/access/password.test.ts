import { randomBytes, scryptSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashPassword, isPasswordHash, PasswordCheck } from '../../sdk/access/password.ts';
import { InputError } from '../../sdk/base/errors.ts';

/** One that costs nothing. */
function cheap(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password.normalize('NFKC'), salt, 32, { N: 2, r: 1, p: 1 });
  const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=1,r=1,p=1$${bare(salt)}$${bare(key)}`;
}

describe('hashPassword', () => {
  it('gives a PHC string with a salt of its own, which only this password fits', async () => {
    const hash = await hashPassword('correct horse');
    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(isPasswordHash(hash)).toBe(true);
    expect(await hashPassword('correct horse')).not.toBe(hash);
    const check = new PasswordCheck(hash, 'it');
    expect(await check.check('correct horse')).toBe('right');
    expect(await check.check('correct horse')).toBe('right');
    expect(await check.check('Correct horse')).toBe('wrong');
    expect(await check.check('')).toBe('wrong');
    // Node's own scrypt agrees.
    const [, , , salt, key] = hash.split('$');
    const node = scryptSync('correct horse', Buffer.from(salt!, 'base64'), 32, { N: 2 ** 14, r: 8, p: 5 });
    expect(node.toString('base64').replace(/=+$/, '')).toBe(key);
  });

  it.each(['', 'short', 'x'.repeat(257)])('refuses one of the wrong length: %s', async (password) => {
    await expect(hashPassword(password)).rejects.toThrow(InputError);
    await expect(hashPassword(password)).rejects.toThrow(`characters, got ${password.length}`);
  });
});

describe('PasswordCheck', () => {
  it('takes the same text in another form of Unicode', async () => {
    expect(await new PasswordCheck(cheap('Zwölf Äpfel'), 'it').check('Zwo\u0308lf A\u0308pfel')).toBe('right');
  });

  it('tells any password from any other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), async (one, other) => {
        fc.pre(one.normalize('NFKC') !== other.normalize('NFKC'));
        const check = new PasswordCheck(cheap(one), 'it');
        expect(await check.check(other)).toBe('wrong');
        expect(await check.check(one)).toBe('right');
        expect(await check.check(other)).toBe('wrong');
      }),
      { numRuns: 100 },
    );
  });

  it('turns away who comes while others wait already', async () => {
    const check = new PasswordCheck(cheap('right'), 'it');
    const verdicts = await Promise.all(Array.from({ length: 20 }, (_, i) => check.check(`wrong ${i}`)));
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(12);
    expect(await check.check('right')).toBe('right');
  });

  it.each([
    'hunter2hunter2',
    '',
    '$scrypt$',
    '$scrypt$ln=0,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=14,r=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=14,r=8,p=99$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=14,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
  ])('refuses %s, without showing it', (hash) => {
    expect(() => new PasswordCheck(hash, 'console.password')).toThrow(InputError);
    expect(() => new PasswordCheck(hash, 'console.password')).toThrow(
      'console.password: expected a hash as `ocellus password` prints it ($scrypt$ln=…), got something else',
    );
  });
});
