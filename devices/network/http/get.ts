import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { InputError } from '../../../sdk/base/errors.ts';
import { authorization, type Login } from './login.ts';

const connectTimeoutMs = 8000;
const mostRedirects = 5;
/** Each address may ask for a password. */
const mostRequests = 2 * (mostRedirects + 1);

/**
 * Requests a stream as a browser would: with user name and password if the server wants them, following redirects; the
 * password is sent to no other server.
 *
 * @param signal Ends it.
 * @returns The answer, 200, whose body was not read yet.
 * @throws InputError when there is none, in words.
 */
export async function getStream(address: string, signal: AbortSignal): Promise<IncomingMessage> {
  let url = new URL(address);
  const { origin } = url;
  const login = loginIn(url);
  let header: string | undefined;
  let redirects = 0;
  for (let count = 0; count < mostRequests; count++) {
    const response = await get(url, header, signal);
    const { statusCode = 0, statusMessage = '', headers } = response;
    if (statusCode === 200) return response;
    response.destroy();
    const challenge = headers['www-authenticate'];
    if (statusCode === 401 && challenge && login && header === undefined && url.origin === origin) {
      header = authorization(challenge, login, `${url.pathname}${url.search}`);
      if (header !== undefined) continue;
    }
    if (statusCode >= 301 && statusCode <= 308 && headers.location && redirects++ < mostRedirects) {
      url = elsewhere(headers.location, url);
      header = undefined;
      continue;
    }
    throw new InputError(`the server returned ${statusCode} ${statusMessage}`.trim());
  }
  throw new InputError('too many redirects');
}

function loginIn({ username, password }: URL): Login | undefined {
  if (username === '' && password === '') return undefined;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // A % that is one.
    return { user: username, password };
  }
}

/** @throws InputError when it is not on the web. */
function elsewhere(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InputError('the server redirects to an address that is not on whitelist: expected http: or https:');
  }
  return url;
}

function get(url: URL, authorization: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const request = (isSecure ? httpsRequest : httpRequest)({
      ...{ host, port: url.port || undefined, path: `${url.pathname}${url.search}`, signal },
      headers: { Accept: '*/*', 'User-Agent': 'Ocellus', ...(authorization && { Authorization: authorization }) },
      agent: false,
      // Cameras write headers that no standard has, and sign their own certificates.
      insecureHTTPParser: true,
      ...(isSecure && { rejectUnauthorized: false, servername: isIP(host) ? '' : host }),
    });
    const timer = setTimeout(() => request.destroy(new Error('connection timed out')), connectTimeoutMs);
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(new InputError(inWords(error)));
    });
    request.end();
  });
}

function inWords(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name of the host cannot be resolved';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host is unreachable';
    case 'ETIMEDOUT':
      return 'connection timed out';
    default:
      return error.message;
  }
}
