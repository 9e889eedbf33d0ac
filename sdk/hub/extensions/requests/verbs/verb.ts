import type { Static, TObject, TSchema } from '@sinclair/typebox';
import { assertShape } from '../../../../base/arguments.ts';
import type { NodeUpdates } from '../../../../update/node-updates.ts';
import type { NodeTopics } from '../../../contract/topics.ts';
import type { HubCamera, HubNode } from '../../hub-node.ts';

/** Where changes of settings are written, so that the next start has them. */
export interface KeptSettings {
  /** Waits until what was changed is written or could not be, a few seconds at most. Never throws. */
  tried(): Promise<void>;
  /** Why what was changed is in use and not written, for people; null: it is written. */
  unwritten(): string | null;
}

/** What a verb can use. */
export interface VerbContext {
  readonly node: HubNode;
  readonly topics: NodeTopics;
  /** The names of all verbs that are answered. */
  readonly verbs: readonly string[];
  /** @throws InputError when there is no such camera, listing the existing ones. */
  camera(name: string): HubCamera;
  /**
   * Publishes a picture on a retained topic of this node, at once and before the answer; it does not go through the
   * outbox, for it belongs to this request.
   *
   * @throws InputError when the broker does not accept it now.
   */
  publishPicture(topic: string, jpeg: Buffer): void;
  /** Ends the process, for its supervisor to restart. Undefined without one. */
  readonly restartProcess: (() => void) | undefined;
  /** Undefined where no second system can be written. */
  readonly updates?: NodeUpdates | undefined;
  /** Undefined where changes of settings are written nowhere. */
  readonly kept?: KeptSettings | undefined;
}

/** A request that a hub answers: `request/<name>` and `response/<name>`. */
export interface Verb<
  Name extends string = string,
  Request extends TObject = TObject,
  Response extends TSchema = TSchema,
> {
  /** As in a topic: lower-case letters, digits, `_` and `-`. */
  readonly name: Name;
  /** For docs/mqtt.md. */
  readonly description: string;
  /** Give it `additionalProperties: false`, so that misspelt fields are reported. */
  readonly request: Request;
  /** Of `data` in the answer. */
  readonly response: Response;
  /** The field that a payload without braces stands for: `door` is `{"camera": "door"}`. */
  readonly bare?: string;
  /**
   * One request of a verb for one camera runs at a time.
   *
   * @param data Fits `request`, defaults filled in.
   * @throws InputError with what is wrong with the request; the answer says so.
   */
  run(data: Static<Request>, context: VerbContext): Static<Response> | Promise<Static<Response>>;
}

/**
 * Defines your own verb, typed by its schemas, which `Type` makes.
 *
 * @example
 * const ping = defineVerb({
 *   name: 'ping',
 *   description: 'Says that it is there.',
 *   request: Type.Object({}, { additionalProperties: false }),
 *   response: Type.Object({ time: Type.Number() }),
 *   run: () => ({ time: Date.now() }),
 * });
 * const hub = new Hub({ node, settings: settings.mqtt, verbs: [ping] });
 */
export function defineVerb<const Name extends string, Request extends TObject, Response extends TSchema>(
  verb: Verb<Name, Request, Response>,
): Verb<Name, Request, Response> {
  assertShape('defineVerb', verb, { name: 'text', request: 'object', response: 'object', run: 'function' }, 'a verb');
  return verb;
}
