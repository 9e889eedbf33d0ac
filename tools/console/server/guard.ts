import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../../../sdk/access/network.ts';

/** Names that no public DNS server resolves, so that no foreign page can have one point here. */
const localName = /^[a-z0-9-]+(\.(local|lan|home|internal|home\.arpa|fritz\.box))?$/i;

/**
 * Refuses requests that a foreign page makes a browser send: under its own name that points to this machine (DNS
 * rebinding), or from another origin.
 *
 * @param listenHost The address it listens on.
 * @param url The address that people open when a proxy is in front.
 * @returns Why the request is refused, or undefined.
 */
export function refusal(headers: IncomingHttpHeaders, listenHost: string, url?: URL): string | undefined {
  const host = headers.host?.toLowerCase();
  const name = hostName(host);
  if (name === undefined) return 'expected a Host header with the name of this machine';
  const isProxied = url !== undefined && host === url.host;
  const allowed = isLoopback(listenHost)
    ? name === 'localhost' || name === '127.0.0.1' || name === '::1' || name === listenHost
    : isIP(name) !== 0 || localName.test(name) || name === listenHost;
  if (!isProxied && !allowed) return `this page is not served under the name ${JSON.stringify(name.slice(0, 100))}`;
  // Programs other than browsers send no Origin.
  const own = isProxied ? url.origin : `http://${host}`;
  if (headers.origin !== undefined && headers.origin.toLowerCase() !== own) {
    return 'this comes from a page of another origin';
  }
  return undefined;
}

function hostName(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/.exec(host ?? '');
  return match?.[1] ?? match?.[2];
}
