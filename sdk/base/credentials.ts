import type { Logger } from './log.ts';

/** Longer texts are cut before they are searched: no real message is as long, and anybody may send one. */
const longestText = 64 * 1024;
/** Schemes and parameter names are shorter. */
const longestScheme = 20;
const longestName = 64;
/** Shorter ones occur in any text by chance. */
const shortestLiteral = 4;

/** What may precede a colon even without a `//` after it: `file:rtsp://…`, `rtsp:/user:password@host`. */
const schemes: ReadonlySet<string> = new Set(
  'auto scene file libcamera v4l2 recording opencv rtsp rtsps rtspt rtspu rtmp rtmps http https mqtt mqtts ws wss tcp udp srt onvif'.split(
    ' ',
  ),
);
/**
 * Names of parameters that hold a password, as cameras use them: `password`, `loginpas`, `pwd`, `pw`, `auth`, `apikey`,
 * `sid`, …
 */
const secretName = /pas|pw|psw|psk|token|secret|auth|key|cred|sess|sign|^(?:sid|sig|pin|p)$/i;

/** What follows `user:` where a message explains how an address is written. */
const explained = /^password@\]?host(\[:port\])?\/path/;

type Range = readonly [from: number, to: number];

/**
 * The text with the passwords of all URIs in it replaced by `***`, for messages, titles and logs: those of the user
 * and those in parameters, in URIs that are mistyped or percent-encoded too. In doubt it masks more than it needs to.
 *
 * Takes time in proportion to the text; one of more than 64 Ki characters is cut.
 *
 * @example maskCredentials('rtsp://admin:secret@door/1') // 'rtsp://admin:***@door/1'
 */
export function maskCredentials(text: string): string {
  return bounded(text)
    .replace(quotedPair, (whole, name: string) => (secretName.test(name) ? `"${name}":"***"` : whole))
    .replace(/[^\s"'<>]+/g, (word) => withStars(word, secretsOf(word, /[&;]/g)));
}

/** `"password":"…"` in JSON. */
const quotedPair = /"([\w-]{1,64})": ?"(?:[^"\\]|\\.)*"/g;

/**
 * The same for a text that is one URI as a whole: the password is masked even with spaces or quotes in it, and without
 * a scheme.
 */
export function maskSource(source: string): string {
  const text = bounded(source);
  return withStars(text, secretsOf(text, /&/g));
}

/**
 * Removes the passwords of a source from messages about it, also where a program or the system spells them differently.
 *
 * @example hiding('rtsp://admin:my pass@door')('admin gave my pass') // 'admin gave ***'
 */
export function hiding(source: string): (text: string) => string {
  const whole = bounded(source);
  const literals = new Set<string>();
  for (const [from, to] of secretsOf(whole, /&/g)) {
    const secret = whole.slice(from, to);
    // A path loses its double slashes; of one with spaces, a part may have been masked already.
    const forms = [secret, decoded(secret), encoded(secret), secret.replace(/\/+/g, '/')];
    for (const form of [...forms, ...(/[\s"'<>]/.test(secret) ? secret.split(/[\s"'<>]/) : [])]) {
      if (form.length >= shortestLiteral) literals.add(form);
    }
  }
  const sorted = [...literals].sort((a, b) => b.length - a.length);
  return (text) => maskCredentials(sorted.reduce((shown, secret) => shown.replaceAll(secret, '***'), bounded(text)));
}

/** The same error, without passwords in what it says. */
export function hiddenIn(error: unknown, hide: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  const message = hide(error.message);
  if (message === error.message) return error;
  // The stack begins with the message.
  const stack = error.stack?.replace(error.message, () => message);
  error.message = message;
  error.stack = stack;
  return error;
}

/** A logger whose messages go through `hide` first. */
export function hidingLogger(logger: Logger, hide: (text: string) => string): Logger {
  return {
    debug: (message) => logger.debug(hide(message)),
    info: (message) => logger.info(hide(message)),
    warn: (message) => logger.warn(hide(message)),
    error: (message) => logger.error(hide(message)),
    ...(logger.child && { child: (fields) => hidingLogger(logger.child!(fields), hide) }),
  };
}

/** A URI that is cut in the middle would not be recognised: the last word goes too. */
function bounded(text: string): string {
  if (text.length <= longestText) return text;
  const cut = text.slice(0, longestText);
  let end = cut.length;
  while (end > 0 && !/\s/.test(cut[end - 1]!)) end--;
  return `${cut.slice(0, end)}…`;
}

function withStars(text: string, ranges: readonly Range[]): string {
  let shown = '';
  let at = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    // One that overlaps or touches the one before is merged with it.
    if (at === 0 || from > at) shown += `${text.slice(at, from)}***`;
    at = Math.max(at, to);
  }
  return shown + text.slice(at);
}

/** Where the passwords of one URI are. */
function secretsOf(word: string, parameterEnd: RegExp): Range[] {
  const parameters = parametersOf(word, parameterEnd);
  const user = passwordOf(word);
  return user ? [user, ...parameters] : parameters;
}

/** The values of parameters whose names say that they are secret. */
function parametersOf(word: string, end: RegExp): Range[] {
  const found: Range[] = [];
  for (const { index, 0: sign } of word.matchAll(/=|%3d/gi)) {
    // Within the one before it.
    if (index < (found.at(-1)?.[1] ?? 0)) continue;
    let from = index;
    while (from > 0 && index - from < longestName && /[\w-]/.test(word[from - 1]!)) from--;
    if (!secretName.test(word.slice(from, index))) continue;
    const start = index + sign.length;
    end.lastIndex = start;
    // Masked before, and with it the end of its sentence is no secret.
    if (/^\*{3}[:,.;)]*$/.test(word.slice(start))) continue;
    const to = end.exec(word)?.index ?? word.length;
    if (to > start) found.push([start, to]);
  }
  return found;
}

/** What is between the user and the host, or in the place of a port that is not a number. */
function passwordOf(word: string): Range | undefined {
  const literal = word.lastIndexOf('@');
  const at = literal >= 0 ? literal : word.lastIndexOf('%40');
  let authority: number | undefined;
  for (const { index, 0: colon } of word.matchAll(/:|%3a/gi)) {
    if (at >= 0 && index >= at) return undefined;
    const after = index + colon.length;
    const slashes = slashesAt(word, after);
    const scheme = schemeBefore(word, index);
    if (scheme !== undefined && (slashes.count >= 2 || schemes.has(scheme))) {
      if (slashes.count >= 2 || at < 0) authority = slashes.end;
      continue;
    }
    if (at >= 0) return explained.test(word.slice(after, after + 40)) ? undefined : [after, at];
    // Without a host: in `rtsp://admin:secret` the `@door` was forgotten; `rtsp://door:554` has no password.
    return authority === undefined ? undefined : portThatIsNone(word, authority);
  }
  return undefined;
}

function portThatIsNone(word: string, authority: number): Range | undefined {
  const end = word.slice(authority).search(/[/?#\\]/);
  const to = end < 0 ? word.length : authority + end;
  const host = word.slice(authority, to);
  const bracket = host.startsWith('[') ? host.indexOf(']') + 1 : 0;
  const colon = host.slice(bracket).search(/:|%3a/i);
  if (colon < 0) return undefined;
  const from = authority + bracket + colon + (host[bracket + colon] === ':' ? 1 : 3);
  return /^\d{0,5}[).,;:!?\]}]*$/.test(word.slice(from, to)) ? undefined : [from, to];
}

/** `/`, `\` and `%2F` in a row, how many and where they end; counts to two. */
function slashesAt(word: string, start: number): { count: number; end: number } {
  let [count, end] = [0, start];
  for (; count < 3; count++) {
    if (word[end] === '/' || word[end] === '\\') end++;
    else if (/^%2f$/i.test(word.slice(end, end + 3))) end += 3;
    else break;
  }
  return { count, end };
}

/** The name before a colon if it starts a URI, and not within a path or a password. */
function schemeBefore(word: string, colon: number): string | undefined {
  let from = colon;
  while (from > 0 && colon - from <= longestScheme && /[a-z0-9+.-]/i.test(word[from - 1]!)) from--;
  const isStart = from === 0 || /[:=([{,;?&|]/.test(word[from - 1]!);
  const name = word.slice(from, colon);
  return isStart && name.length <= longestScheme && /^[a-z]/i.test(name) ? name.toLowerCase() : undefined;
}

function encoded(text: string): string {
  // A lone surrogate has no encoding.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
