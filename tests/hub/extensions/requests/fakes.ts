import { type Link, RefusedError } from '../../../../sdk/hub/connection/link.ts';
import type { Incoming } from '../../../../sdk/hub/connection/session.ts';
import { Requests, type Response } from '../../../../sdk/hub/extensions/requests/requests.ts';
import type { Verb } from '../../../../sdk/hub/extensions/requests/verbs/verb.ts';
import { standardVerbs } from '../../../../sdk/hub/extensions/requests/verbs/verbs.ts';
import { FakeCamera, FakeContext } from '../../../support/hub.ts';
import { until } from '../../../support/until.ts';

interface Published {
  topic: string;
  payload: Buffer | string;
  qos: 0 | 1;
  retain: boolean;
  correlationData?: Buffer;
}

/** A connection that keeps what is published. */
export class FakeLink {
  unsent = 0;
  maximumPacketSize = Number.POSITIVE_INFINITY;
  readonly published: Published[] = [];

  async publish(topic: string, payload: Buffer | string, options: Omit<Published, 'topic' | 'payload'>): Promise<void> {
    this.published.push({ topic, payload, ...options });
    // Nobody may count on its success.
    throw new RefusedError('Not authorized');
  }
}

export function makeRequests(verbs: readonly Verb[] = [], options: ConstructorParameters<typeof Requests>[1] = {}) {
  const camera = new FakeCamera('door');
  const context = new FakeContext([camera, new FakeCamera('yard')]);
  const link = new FakeLink();
  context.link = link as unknown as Link;
  const requests = new Requests([...standardVerbs, ...verbs], options);
  requests.start(context);
  const send = (verb: string, payload: unknown = {}, more: Partial<Incoming> = {}) =>
    requests.receive({
      topic: `ocellus/porch/request/${verb}`,
      payload: Buffer.isBuffer(payload)
        ? payload
        : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
      retained: false,
      ...more,
    });
  const answers = () =>
    link.published
      .filter(({ topic }) => topic.startsWith('ocellus/porch/response/'))
      .map(({ payload }) => JSON.parse(String(payload)) as Response & { error?: string });
  /** Sends it and gives its answer. */
  const ask = async (...request: Parameters<typeof send>) => {
    const before = answers().length;
    send(...request);
    await until(() => answers().length > before);
    return answers()[before]!;
  };
  return { camera, context, link, requests, send, ask, answers, logger: context.logger };
}
