import { addresses } from './contract/addresses.ts';
import { settingTopics } from './contract/camera-settings.ts';
import { event } from './contract/event.ts';
import { direction, eventId, modelVersions, sighting } from './contract/home-assistant.ts';
import { classification, learningState } from './contract/learning.ts';
import { cameraStatus, count, crossing, nodeStatus, onOff, type Payload, picture } from './contract/payloads.ts';
import { request, response } from './contract/requests.ts';
import { cuts, examples } from './contract/sharing.ts';
import { stats } from './contract/stats.ts';
import { release, updateState } from './contract/updates.ts';
import { standardVerbs } from './extensions/requests/verbs/verbs.ts';

/** One topic of the contract. */
export interface Topic {
  /** One of a kind; its channel in the AsyncAPI document. */
  readonly name: string;
  /** Below `ocellus/<node>/`, unless it is `shared`; what stands in `<>` is a name. */
  readonly address: string;
  /** Below `ocellus/` itself: all nodes of a space have it in common. */
  readonly shared?: boolean;
  /** The address for people, where several topics are alike: `<camera>/<setting>/set`. */
  readonly family?: string;
  /** `client`: published by clients, to the node. */
  readonly sender: 'node' | 'client';
  readonly retained: boolean;
  readonly qos: 0 | 1;
  readonly payload: Payload;
  /** When there is a message. For docs/mqtt.md. */
  readonly when: string;
  /** Name of the topic where the answer comes. */
  readonly reply?: string;
}

const told = { sender: 'node', qos: 1 } as const;
const state = { ...told, retained: true } as const;
const asked = { sender: 'client', qos: 1, retained: false } as const;

const settings = [...settingTopics.values()].flatMap(({ name, payload }): Topic[] => [
  {
    ...state,
    name: `setting-${name}`,
    address: addresses.settingState.replace('<setting>', name),
    family: addresses.settingState,
    payload: { ...payload, summary: 'the current value' },
    when: 'at each change, and as the answer to each `set`',
  },
  {
    ...asked,
    name: `set-${name}`,
    address: addresses.settingCommand.replace('<setting>', name),
    family: addresses.settingCommand,
    payload: { ...payload, summary: 'the new value' },
    when: 'you publish it',
  },
]);

const requests = standardVerbs.flatMap((verb): Topic[] => [
  {
    ...asked,
    name: `request-${verb.name}`,
    address: addresses.request.replace('<verb>', verb.name),
    family: addresses.request,
    payload: request(verb),
    when: 'you publish it',
    reply: `response-${verb.name}`,
  },
  {
    ...told,
    name: `response-${verb.name}`,
    retained: false,
    qos: 0,
    address: addresses.response.replace('<verb>', verb.name),
    family: addresses.response,
    payload: response(verb),
    when: 'the answer to each request',
  },
]);

/**
 * All topics of a node and their content, in one place. `npm run docs` makes docs/mqtt.md and schemas/ from it, and
 * tests check a running hub against it. A new topic is one entry here, and its address in contract/addresses.ts.
 */
export const contract: readonly Topic[] = [
  {
    ...state,
    name: 'status',
    address: addresses.status,
    payload: nodeStatus,
    when: 'after connecting; `offline` is also the last will, so the broker publishes it when the process or the network dies',
  },
  { ...state, name: 'camera-status', address: addresses.cameraStatus, payload: cameraStatus, when: 'at each change' },
  {
    ...told,
    name: 'events',
    retained: false,
    address: addresses.events,
    payload: event,
    when: 'an object appears (`new`), changes (`update`), is gone (`end`)',
  },
  {
    ...state,
    name: 'count',
    address: addresses.count,
    payload: count,
    when: 'at each change; also `0`, for every watched label',
  },
  { ...state, name: 'occupied', address: addresses.occupied, payload: onOff, when: 'with the count' },
  {
    ...state,
    name: 'zone-count',
    address: addresses.zoneCount,
    payload: count,
    when: 'the same, for one zone',
  },
  {
    ...state,
    name: 'zone-occupied',
    address: addresses.zoneOccupied,
    payload: onOff,
    when: 'with the count',
  },
  {
    ...state,
    name: 'label-snapshot',
    address: addresses.snapshot,
    payload: picture,
    when: 'before the event that refers to it; again when an event has a clearly better view',
  },
  {
    ...state,
    name: 'view',
    qos: 0,
    address: addresses.view,
    payload: picture,
    when: 'someone asked for it with `request/snapshot`; the whole view',
  },
  {
    ...told,
    name: 'crossing',
    retained: false,
    address: addresses.crossing,
    payload: crossing,
    when: 'an object has certainly crossed a line, a moment after `time`; `total` is of this label and direction since the start',
  },
  {
    ...told,
    name: 'seen',
    retained: false,
    address: addresses.seen,
    payload: sighting,
    when: 'an object appears or is gone, while there is a connection; for automations',
  },
  {
    ...told,
    name: 'appeared',
    retained: false,
    address: addresses.appeared,
    payload: eventId,
    when: 'an object appears, while there is a connection',
  },
  {
    ...told,
    name: 'crossed',
    retained: false,
    address: addresses.crossed,
    payload: direction,
    when: 'an object crosses a line, while there is a connection',
  },
  {
    ...state,
    name: 'learning-state',
    address: addresses.learningState,
    payload: learningState,
    when: 'a second after what was taught changed, and before the answer to a request that changed it, if learning is on',
  },
  {
    ...state,
    name: 'classification',
    address: addresses.classification,
    payload: classification,
    when: 'at each change of a taught state of the whole view',
  },
  {
    ...state,
    name: 'taught-count',
    address: addresses.taughtCount,
    payload: count,
    when: 'at each change; objects with a taught name, also `0`',
  },
  {
    ...state,
    name: 'taught-occupied',
    address: addresses.taughtOccupied,
    payload: onOff,
    when: 'with the count',
  },
  { ...state, name: 'motion', address: addresses.motion, payload: onOff, when: 'at each change' },
  ...settings,
  ...requests,
  {
    ...state,
    name: 'model',
    address: addresses.model,
    payload: modelVersions,
    when: 'after connecting, if a model of this name ships',
  },
  {
    ...state,
    name: 'update',
    address: addresses.update,
    payload: updateState,
    when: 'at each change, on a card with two systems',
  },
  {
    ...asked,
    name: 'release',
    shared: true,
    address: addresses.release,
    retained: true,
    payload: release,
    when: 'you publish it, retained: all nodes look at it, and tell `latest_version` on `update`',
  },
  {
    ...state,
    name: 'shared-examples',
    shared: true,
    address: addresses.sharedExamples,
    payload: examples,
    when: 'a node with `learn.share` was taught, or forgot, examples of a label',
  },
  {
    ...state,
    name: 'shared-cuts',
    shared: true,
    address: addresses.sharedCuts,
    payload: cuts,
    when: 'a node with `learn.share` cuts out examples of others, or withdraws a cut',
  },
  {
    ...told,
    name: 'stats',
    retained: false,
    qos: 0,
    address: addresses.stats,
    payload: stats,
    when: 'every ten seconds',
  },
];
