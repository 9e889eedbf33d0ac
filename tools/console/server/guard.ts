import type { IncomingMessage, ServerResponse } from 'node:http';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Keeps other sites away from the page: a browser names the site it means in `Host` and the one it comes from in
 * `Origin`.
 */
export class Guard {
  readonly #local: boolean;

  /** @param host The address that is listened on. */
  constructor(host: string) {
    this.#local = isLoopback(host);
  }

  /** Why a request is refused, or undefined when it is not. */
  problem({ headers }: IncomingMessage): string | undefined {
    const host = hostOf(headers.host);
    // A name that another site's owner points at this machine (DNS rebinding) is not one of these.
    if (!host || (this.#local && !loopbackNames.has(host.hostname))) {
      return 'Host: expected the address this page listens on, such as localhost';
    }
    const { origin } = headers;
    if (origin !== undefined && hostOf(origin.replace(/^https?:\/\//, ''))?.host !== host.host) {
      return 'Origin: expected this page, got another site';
    }
    return undefined;
  }
}

function hostOf(text: string | undefined): URL | undefined {
  if (!text || !URL.canParse(`http://${text}/`)) return undefined;
  const url = new URL(`http://${text}/`);
  // Nothing but a host and a port.
  return url.href === `http://${url.host}/` ? url : undefined;
}

/** What every answer says: no content from elsewhere, in no other site's frame. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
}
