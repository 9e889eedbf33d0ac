import { randomUUID } from 'node:crypto';
import { assertShape } from '../../../base/arguments.ts';
import { InputError } from '../../../base/errors.ts';
import { after } from '../../../base/timers.ts';
import { NodeTopics } from '../../contract/topics.ts';
import type { Response } from './requests.ts';
import type { Verbs } from './verbs/verbs.ts';

/** The data of a request, for known verbs. */
export type RequestOf<Name extends string> = Name extends keyof Verbs ? Verbs[Name]['request'] : object;
/** The data of its response. */
export type AnswerOf<Name extends string> = Name extends keyof Verbs ? Verbs[Name]['response'] : unknown;

/** What is used of a client of the package mqtt, so that one of any version of it fits: a program brings its own. */
export interface RequestClient {
  on(event: 'message', listener: (topic: string, payload: Buffer) => void): unknown;
  off(event: 'message', listener: (topic: string, payload: Buffer) => void): unknown;
  subscribeAsync(topic: string, options: { qos: 1 }): Promise<unknown>;
  publishAsync(topic: string, payload: string, options: { qos: 1 }): Promise<unknown>;
}

/**
 * Sends a request to a node and waits for the response, over MQTT 5 or 3.1.1. The client stays subscribed to
 * `response/<verb>`.
 *
 * @param client Of the package mqtt, connected or connecting: `await mqtt.connectAsync('mqtt://127.0.0.1')`.
 * @param options.base The node's `mqtt.base`. Default `ocellus`.
 * @param options.timeoutMs Default 35 s: the node itself gives up after 30.
 * @returns `data` of the response. @throws InputError with the node's message when it refuses, or when no response
 * arrives in time.
 *
 * @example
 * const { settings } = await requestVerb(client, { node: 'porch' }, 'state', { camera: 'door' });
 */
export async function requestVerb<Name extends string>(
  client: RequestClient,
  options: { node: string; base?: string; timeoutMs?: number },
  verb: Name,
  data: RequestOf<Name>,
): Promise<AnswerOf<Name>> {
  assertShape(
    'requestVerb: client',
    client,
    { publishAsync: 'function', subscribeAsync: 'function' },
    'a client of mqtt',
  );
  assertShape('requestVerb: options', options, { node: 'text', base: 'text?', timeoutMs: 'number?' });
  const { node, base = 'ocellus', timeoutMs = 35_000 } = options;
  const topics = new NodeTopics(base, node);
  const topic = topics.response(verb);
  const transaction = randomUUID();
  let stop = () => {};
  const answered = new Promise<Response>((resolve, reject) => {
    const take = (from: string, payload: Buffer) => {
      const response = from === topic ? answerTo(transaction, payload) : undefined;
      if (response) resolve(response);
    };
    const callOff = after(timeoutMs, () =>
      reject(new InputError(`${topics.request(verb)}: no answer in ${timeoutMs / 1000} s; is node ${node} running?`)),
    );
    client.on('message', take);
    stop = () => {
      callOff();
      client.off('message', take);
    };
  });
  try {
    // A client without a connection keeps both waiting, so the time runs beside them.
    const asked = client
      .subscribeAsync(topic, { qos: 1 })
      .then(() => client.publishAsync(topics.request(verb), JSON.stringify({ ...data, transaction }), { qos: 1 }));
    const response = await Promise.race([answered, asked.then(() => answered)]);
    if (response.status === 'error') throw new InputError(response.error);
    return response.data as AnswerOf<Name>;
  } finally {
    stop();
  }
}

/** The answer to this transaction, if it is one. Others may also publish on the topic. */
function answerTo(transaction: string, payload: Buffer): Response | undefined {
  try {
    const response = JSON.parse(payload.toString()) as Response;
    return response.transaction === transaction ? response : undefined;
  } catch {
    return undefined;
  }
}
