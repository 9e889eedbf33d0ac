import { createHash, randomBytes } from 'node:crypto';

/** Who asks, in plain text. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

const hashes: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256' };

/**
 * The header `Authorization` that answers a server's `WWW-Authenticate`: Digest where it has that, else Basic.
 *
 * @param target Path and query, as in the request's first line.
 * @param count How often this challenge was answered, with this answer.
 * @returns Undefined where it asks for something else.
 * @see RFC 7616, RFC 7617
 */
export function authorization(challenge: string, login: Login, target: string, count = 1): string | undefined {
  const digest = digestOf(challenge);
  if (digest) return answer(digest, login, target, count);
  if (!/\bBasic\b/i.test(challenge)) return undefined;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}

interface Digest {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: string;
  readonly opaque?: string;
  readonly hasQop: boolean;
}

/** Longer ones are no challenge. */
const longestChallenge = 4096;

/** The first challenge of this kind that can be answered; a server may have several. */
function digestOf(challenge: string): Digest | undefined {
  const parts = challenge
    .slice(0, longestChallenge)
    .split(/\bDigest\s/i)
    .slice(1);
  for (const part of parts) {
    const values = new Map<string, string>();
    for (const [, name, quoted, bare] of part.matchAll(/\b([a-z]{1,20})="?(?:(?<=")([^"]*)"|([^\s,"]+))/gi)) {
      values.set(name!.toLowerCase(), quoted ?? bare ?? '');
    }
    const [algorithm, nonce, qop] = [values.get('algorithm') ?? 'MD5', values.get('nonce'), values.get('qop')];
    const isKnown = hashes[hashName(algorithm)] !== undefined;
    if (nonce === undefined || !isKnown || (qop !== undefined && !/\bauth\b(?!-)/i.test(qop))) continue;
    const [realm, opaque] = [values.get('realm') ?? '', values.get('opaque')];
    return { realm, nonce, algorithm, opaque, hasQop: qop !== undefined };
  }
  return undefined;
}

const hashName = (algorithm: string) => algorithm.toUpperCase().replace(/-SESS$/, '');

function answer(
  { realm, nonce, algorithm, opaque, hasQop }: Digest,
  login: Login,
  target: string,
  answers: number,
): string {
  const hash = (text: string) => createHash(hashes[hashName(algorithm)]!).update(text).digest('hex');
  const [count, own] = [answers.toString(16).padStart(8, '0'), randomBytes(8).toString('hex')];
  const secret = hash(`${login.user}:${realm}:${login.password}`);
  const who = /-sess$/i.test(algorithm) ? hash(`${secret}:${nonce}:${own}`) : secret;
  const what = hash(`GET:${target}`);
  const response = hash(hasQop ? `${who}:${nonce}:${count}:${own}:auth:${what}` : `${who}:${nonce}:${what}`);
  const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  const fields = [
    `username=${quote(login.user)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(target)}`,
    `algorithm=${algorithm}, response=${quote(response)}`,
    ...(hasQop ? [`qop=auth, nc=${count}, cnonce=${quote(own)}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
  ];
  return `Digest ${fields.join(', ')}`;
}
