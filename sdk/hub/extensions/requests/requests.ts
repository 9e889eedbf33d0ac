import { maskCredentials } from '../../../base/credentials.ts';
import { InputError, messageOf } from '../../../base/errors.ts';
import { TokenBucket } from '../../../base/token-bucket.ts';
import { validate } from '../../../config/validate.ts';
import type { NodeUpdates } from '../../../update/node-updates.ts';
import { Complaints } from '../../connection/complaints.ts';
import { type Link, packetBytes } from '../../connection/link.ts';
import type { Incoming } from '../../connection/session.ts';
import { cameraLevels, type NodeTopics, namePattern } from '../../contract/topics.ts';
import type { Extension, HubContext, Subscription } from '../extension.ts';
import { fieldsOf, type Transaction, transactionOf } from './payload.ts';
import { TaskQueues } from './task-queues.ts';
import type { KeptSettings, Verb, VerbContext } from './verbs/verb.ts';

/** What is said on `response/<verb>`. */
export type Response<Data = unknown> = (
  | { status: 'ok'; data: Data }
  | { status: 'error'; data: Record<string, never>; error: string }
) & { transaction?: Transaction };

/** Who waits for an answer. */
interface Asker {
  /** Undefined where there is no topic for it: a verb whose name no topic of this node may have. */
  readonly topic: string | undefined;
  readonly correlationData: Buffer | undefined;
  readonly transaction: Transaction | undefined;
}

const maxWaiting = 4;
const maxTasks = 32;
const timeoutMs = 30_000;
/** Answers and pictures that the network does not take are not worth memory. */
const maxUnsentBytes = 1024 * 1024;
const maxCorrelationBytes = 1024;
const maxResponseTopicBytes = 256;
const maxErrorLength = 1000;

/**
 * Answers `request/<verb>` on `response/<verb>`.
 *
 * Anyone who may publish may send requests, so all is bounded: how many run, wait and are answered. Errors of a request
 * go to its sender, unless there is a flood of them, and to nobody else. Answers are sent at QoS 0 past the outbox:
 * after a lost connection they are useless, and they never fill the window.
 */
export class Requests implements Extension {
  readonly #verbs: ReadonlyMap<string, Verb>;
  readonly #restartProcess: (() => void) | undefined;
  readonly #updates: NodeUpdates | undefined;
  readonly #kept: KeptSettings | undefined;
  readonly #queues = new TaskQueues(maxWaiting, maxTasks);
  /** Requests that are carried out, and errors that are told. */
  readonly #admitted = new TokenBucket({ burst: 100, eachMs: 20 });
  readonly #errors = new TokenBucket({ burst: 20, eachMs: 100 });
  readonly #complaints = new Complaints('wrong requests');
  #context: HubContext | undefined;
  #rejected = 0;

  /** @throws Error when two verbs have one name, or one a name that may not stand in a topic. */
  constructor(
    verbs: readonly Verb[],
    options: { restartProcess?: () => void; updates?: NodeUpdates | undefined; kept?: KeptSettings | undefined } = {},
  ) {
    this.#verbs = new Map(verbs.map((verb) => [verb.name, verb]));
    const wrong = verbs.find(
      ({ name }, i) =>
        !namePattern.test(name) || cameraLevels.includes(name) || verbs.findIndex((one) => one.name === name) !== i,
    );
    if (wrong) {
      throw new Error(
        `verb ${wrong.name}: expected a name of its own that fits ${namePattern.source} and is none of ${cameraLevels.join(', ')}`,
      );
    }
    this.#restartProcess = options.restartProcess;
    this.#updates = options.updates;
    this.#kept = options.kept;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#context ? [{ filter: this.#context.topics.requests, retained: false }] : [];
  }

  /** Requests that could not be understood or carried out. */
  get rejected(): number {
    return this.#rejected;
  }

  start(context: HubContext): void {
    this.#context = context;
  }

  /** What runs goes on; nobody is told. */
  stop(): void {
    this.#context = undefined;
  }

  receive(message: Incoming): boolean {
    const context = this.#context;
    const name = context?.topics.verbOf(message.topic);
    if (!context || name === undefined) return false;
    // It was meant for another time: a restart that lies at the broker would never end.
    if (message.retained) {
      context.logger.debug(`MQTT: a retained message on ${message.topic} is ignored; publish requests without retain`);
      return true;
    }
    let asker: Asker = {
      topic: namePattern.test(name) ? context.topics.response(name) : undefined,
      correlationData: undefined,
      transaction: undefined,
    };
    try {
      asker = { ...asker, ...answerTo(message, context.topics) };
      const verb = this.#verbs.get(name);
      const { transaction, ...fields } = fieldsOf(message.payload, verb?.bare);
      asker = { ...asker, transaction: transactionOf(transaction) };
      if (!verb) {
        throw new InputError(`there is no such verb; expected one of ${[...this.#verbs.keys()].join(', ')}`);
      }
      const data = validate(verb.request, fields, `request/${name}`);
      if (!this.#admitted.take() || !this.#enqueue(verb, data, asker, context)) {
        throw new InputError('busy: too many requests at once; ask again in a second');
      }
    } catch (error) {
      this.#reject(error, message.topic, asker, context);
    }
    return true;
  }

  /** One after the other for each verb and camera. @returns False: there is no room. */
  #enqueue(verb: Verb, data: Record<string, unknown>, asker: Asker, context: HubContext): boolean {
    let settled = false;
    const settle = (tell: () => void) => {
      clearTimeout(timer);
      if (!settled) tell();
      settled = true;
    };
    const reject = (error: unknown) =>
      settle(() => this.#reject(error, context.topics.request(verb.name), asker, context));
    const timer = setTimeout(() => reject(new InputError(`it took longer than ${timeoutMs / 1000} s`)), timeoutMs);
    timer.unref();
    const taken = this.#queues.add(`${verb.name}/${data.camera ?? ''}`, async () => {
      // Its turn came too late: nobody waits for it any more.
      if (settled) return;
      try {
        const answer = await verb.run(data, this.#verbContext(context));
        // Who has the answer finds the states as it says.
        if (this.#context === context) context.retained.settle();
        settle(() => this.#answer({ status: 'ok', data: answer }, asker, context));
      } catch (error) {
        reject(error);
      }
    });
    if (!taken) clearTimeout(timer);
    return taken;
  }

  #verbContext(context: HubContext): VerbContext {
    const { node, topics, retained } = context;
    return {
      node,
      topics,
      verbs: [...this.#verbs.keys()],
      camera: (name) => {
        const camera = node.pipelines.get(name);
        if (camera) return camera;
        throw new InputError(`there is no such camera; expected one of ${[...node.pipelines.keys()].join(', ')}`);
      },
      publishPicture: (topic, jpeg) => {
        const link = this.#context === context ? context.link : undefined;
        if (!link || link.unsent > maxUnsentBytes) throw new InputError('the broker takes no picture now');
        const bytes = packetBytes(topic, jpeg.length);
        if (bytes > link.maximumPacketSize) {
          throw new InputError(
            `the picture has ${bytes} bytes, the broker takes ${link.maximumPacketSize}; ask for a smaller one`,
          );
        }
        retained.note(topic);
        send(link, topic, jpeg, { retain: true });
      },
      restartProcess: this.#restartProcess,
      updates: this.#updates,
      kept: this.#kept,
    };
  }

  #reject(error: unknown, topic: string, asker: Asker, context: HubContext): void {
    this.#rejected++;
    const reason = maskCredentials(messageOf(error)).slice(0, maxErrorLength);
    this.#complaints.say(context.logger, topic, reason);
    if (this.#errors.take()) this.#answer({ status: 'error', data: {}, error: reason }, asker, context);
  }

  #answer(response: Response, asker: Asker, context: HubContext): void {
    const { topic, correlationData, transaction } = asker;
    const link = this.#context === context ? context.link : undefined;
    if (topic === undefined || !link || link.unsent > maxUnsentBytes) return;
    const text = JSON.stringify({ ...response, transaction });
    const bytes = packetBytes(topic, Buffer.byteLength(text)) + (correlationData?.length ?? 0);
    if (bytes <= link.maximumPacketSize) send(link, topic, text, { retain: false, correlationData });
    else if (response.status === 'ok') {
      const error = new InputError(`the answer has ${bytes} bytes, the broker takes ${link.maximumPacketSize}`);
      this.#reject(error, topic, asker, context);
    }
  }
}

function send(
  link: Link,
  topic: string,
  payload: Buffer | string,
  options: { retain: boolean; correlationData?: Buffer },
): void {
  // A connection that ends takes the answer with it: the client has to repeat the request.
  link.publish(topic, payload, { qos: 0, ...options }).catch(() => {});
}

/**
 * Where the sender wants its answer. Only below `response/`: this node may be allowed to publish where the sender is
 * not, so an answer elsewhere would be a way around the broker's rules, or a command to somebody else.
 */
function answerTo({ responseTopic, correlationData }: Incoming, topics: NodeTopics): Partial<Asker> {
  if (correlationData && correlationData.length > maxCorrelationBytes) {
    throw new InputError(`correlation data: expected at most ${maxCorrelationBytes} bytes`);
  }
  if (responseTopic === undefined) return { correlationData };
  const fits = responseTopic.startsWith(`${topics.responses}/`) && !/[+#\0]/.test(responseTopic);
  if (!fits || Buffer.byteLength(responseTopic) > maxResponseTopicBytes) {
    throw new InputError(
      `response topic: expected one below ${topics.responses}/ of at most ${maxResponseTopicBytes} bytes`,
    );
  }
  return { correlationData, topic: responseTopic };
}
