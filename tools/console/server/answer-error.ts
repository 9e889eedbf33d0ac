import type { IncomingMessage, ServerResponse } from 'node:http';
import { InputError, messageOf, StaleError } from '../../../sdk/base/errors.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { HttpError, sendJson } from './reply.ts';

/** Answers a request that failed: what is wrong with it is said, what is wrong here is logged. */
export function answerError(request: IncomingMessage, response: ServerResponse, error: unknown, logger: Logger): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (error instanceof HttpError) {
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    sendJson(request, response, error.status, { error: error.message });
  } else if (error instanceof InputError) {
    sendJson(request, response, error instanceof StaleError ? 412 : 400, { error: error.message });
  } else {
    logger.error(`page: ${request.method} ${JSON.stringify(request.url)}: ${messageOf(error)}`);
    sendJson(request, response, 500, { error: 'internal error; see the log' });
  }
}
