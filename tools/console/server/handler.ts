import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pass } from './access.ts';

/** `pass` is undefined only on the routes that are open to all. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  pass: Pass | undefined,
) => Promise<void> | void;
export type Methods = Readonly<Record<string, Handler>>;
