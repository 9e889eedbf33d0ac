/**
 * `ocellus/hub`: a node on MQTT. Topics, requests and their answers, verbs of one's own, a broker inside the process.
 *
 * @module ocellus/hub
 */

/** TypeBox's, in the version that verbs are checked with; an installed archive has it where no program finds it. */
export { Type } from '@sinclair/typebox';
export type { MqttSettings } from './config/schema.ts';
export { type BrokerOptions, type EmbeddedBroker, startBroker } from './hub/broker/broker.ts';
export type { Link, PublishOptions } from './hub/connection/link.ts';
export type { Incoming } from './hub/connection/session.ts';
export type { Ending } from './hub/connection/suspects.ts';
export type { LearningState } from './hub/contract/learning.ts';
export { type CameraTopics, NodeTopics } from './hub/contract/topics.ts';
export type { Extension, HubContext, Subscription } from './hub/extensions/extension.ts';
export type { HubCamera, HubLearning, HubNode } from './hub/extensions/hub-node.ts';
export { type AnswerOf, type RequestClient, type RequestOf, requestVerb } from './hub/extensions/requests/client.ts';
export { defineVerb, type KeptSettings, type Verb, type VerbContext } from './hub/extensions/requests/verbs/verb.ts';
export type { StandardVerb, Verbs } from './hub/extensions/requests/verbs/verbs.ts';
export { Hub, type HubOptions, type HubStats } from './hub/hub.ts';
export type { Kind, Message } from './hub/outbox/message.ts';
export type { OutboxStats } from './hub/outbox/outbox.ts';
export type { PublisherStats } from './hub/outbox/publisher.ts';
export type { Remembered } from './hub/retained/retained-list.ts';
export type { RetainedSource, RetainedTopics } from './hub/retained/retained-topics.ts';
export type { NodeUpdates, UpdateState } from './update/node-updates.ts';
