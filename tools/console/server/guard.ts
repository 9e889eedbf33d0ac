import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);

/** Names that no public name server gives out, so that no foreign page can have one point here. */
const localName = /^[a-z0-9-]+(\.(local|lan|home|internal|home\.arpa|fritz\.box))?$/i;

/**
 * Refuses requests that a foreign page has a browser make: by a name of its own that points to this machine (DNS
 * rebinding), or from another origin.
 *
 * @param listenHost The address that is listened on.
 * @returns Why the request is refused, or undefined.
 */
export function refusal(headers: IncomingHttpHeaders, listenHost: string): string | undefined {
  const name = hostName(headers.host);
  if (name === undefined) return 'expected a Host header with the name of this machine';
  const allowed = isLoopback(listenHost)
    ? name === 'localhost' || name === '127.0.0.1' || name === '::1' || name === listenHost
    : isIP(name) !== 0 || localName.test(name) || name === listenHost;
  if (!allowed) return `this page is not served under the name ${JSON.stringify(name.slice(0, 100))}`;
  // A program that is no browser sends no Origin.
  if (headers.origin !== undefined && originHost(headers.origin) !== headers.host?.toLowerCase()) {
    return 'this comes from a page of another origin';
  }
  return undefined;
}

function hostName(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/?#]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
