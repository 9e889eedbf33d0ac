import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pass } from './access.ts';

/** `pass` is undefined only on routes that need no login. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  pass: Pass | undefined,
) => Promise<void> | void;
export type Methods = Readonly<Record<string, Handler>>;
