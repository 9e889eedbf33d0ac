import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { InputError } from '../base/errors.ts';

/** 16 MiB and about as slow as OWASP asks for: 0.13 s on a desktop, some tenths of a second to two seconds on a Pi. */
const cost = { ln: 14, r: 8, p: 5 } as const;
const saltBytes = 16;
const hashBytes = 32;
const shortest = 8;
/** Longer ones cost only time. */
const longest = 256;
/** The most memory and work that a hash may ask of this machine. */
const mostMemory = 128 * 1024 * 1024;
const mostBlocks = 16;
const mostWaiting = 8;
const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

interface Hash {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Whether it is meant as a hash; otherwise it is a plain password. */
export const isPasswordHash = (text: string): boolean => text.startsWith('$scrypt$');

/**
 * Hashes a password, to be stored in its place: scrypt with a fresh salt, in the PHC string format.
 *
 * @example await hashPassword('correct horse'); // '$scrypt$ln=14,r=8,p=5$…$…'
 *
 * @throws InputError when the password is shorter than 8 characters or longer than 256.
 */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < shortest || password.length > longest) {
    throw new InputError(`expected a password of ${shortest} to ${longest} characters, got ${password.length}`);
  }
  const salt = randomBytes(saltBytes);
  const key = await derive(password, { ...cost, salt, key: Buffer.alloc(hashBytes) });
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${unpadded(salt)}$${unpadded(key)}`;
}

/**
 * Checks passwords against one hash. One check runs at a time, off the main thread; a check is refused when too many
 * are waiting.
 */
export class PasswordCheck {
  readonly #hash: Hash;
  /**
   * A key of this process only: recognises a password that was right once without running scrypt again, and stores no
   * password.
   */
  readonly #secret = randomBytes(32);
  #known: Buffer | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /**
   * @param what Names the setting in the error. @throws InputError when it is not a hash as `ocellus password` prints
   * it. The message does not show it.
   */
  constructor(hash: string, what: string) {
    this.#hash = parse(hash, what);
  }

  /** @returns `busy` when too many are being checked. */
  async check(password: string): Promise<'right' | 'wrong' | 'busy'> {
    if (password.length > longest) return 'wrong';
    const mark = createHmac('sha256', this.#secret).update(password).digest();
    if (this.#known && timingSafeEqual(mark, this.#known)) return 'right';
    if (this.#waiting >= mostWaiting) return 'busy';
    this.#waiting++;
    const checking = this.#last.then(() => derive(password, this.#hash));
    this.#last = checking.catch(() => {});
    try {
      if (!timingSafeEqual(await checking, this.#hash.key)) return 'wrong';
      this.#known = mark;
      return 'right';
    } finally {
      this.#waiting--;
    }
  }
}

function parse(text: string, what: string): Hash {
  const [, ln, r, p, salt, key] = form.exec(text) ?? [];
  const hash = { ln: Number(ln), r: Number(r), p: Number(p) };
  const memory = 128 * 2 ** hash.ln * hash.r;
  const fits = hash.ln > 0 && hash.r > 0 && hash.p > 0 && memory <= mostMemory && hash.p <= mostBlocks;
  if (salt === undefined || key === undefined || !fits) {
    throw new InputError(
      `${what}: expected a hash as \`ocellus password\` prints it ($scrypt$ln=…), got something else`,
    );
  }
  return { ...hash, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') };
}

function derive(password: string, { ln, r, p, salt, key }: Hash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same text may be written with other code points on another keyboard.
    const normal = password.normalize('NFKC');
    scrypt(normal, salt, key.length, { N: 2 ** ln, r, p, maxmem: 2 * mostMemory }, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
}

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/={0,2}$/, '');
