import { settingTopics } from '../camera-settings.ts';
import { standardVerbs } from '../requests/verbs/verbs.ts';
import { event } from './event.ts';
import { direction, eventId, modelVersions, sighting } from './home-assistant.ts';
import { classification, learningState } from './learning.ts';
import { cameraStatus, count, crossing, nodeStatus, onOff, type Payload, picture } from './payloads.ts';
import { request, response } from './requests.ts';
import { cuts, examples } from './sharing.ts';
import { stats } from './stats.ts';

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
  /** `client`: it is published to the node. */
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
    address: `<camera>/${name}/state`,
    family: '<camera>/<setting>/state',
    payload: { ...payload, summary: 'the setting as it is' },
    when: 'at each change, and as the answer to each `set`',
  },
  {
    ...asked,
    name: `set-${name}`,
    address: `<camera>/${name}/set`,
    family: '<camera>/<setting>/set',
    payload: { ...payload, summary: 'the setting as you want it' },
    when: 'you publish it',
  },
]);

const requests = standardVerbs.flatMap((verb): Topic[] => [
  {
    ...asked,
    name: `request-${verb.name}`,
    address: `request/${verb.name}`,
    family: 'request/<verb>',
    payload: request(verb),
    when: 'you publish it',
    reply: `response-${verb.name}`,
  },
  {
    ...told,
    name: `response-${verb.name}`,
    retained: false,
    qos: 0,
    address: `response/${verb.name}`,
    family: 'response/<verb>',
    payload: response(verb),
    when: 'the answer to each request',
  },
]);

/**
 * All topics of a node: the one place that says what is on them. `npm run docs` makes docs/mqtt.md and schemas/ from it,
 * and the tests hold a running hub to it. A new topic is one entry here.
 */
export const contract: readonly Topic[] = [
  {
    ...state,
    name: 'status',
    address: 'status',
    payload: nodeStatus,
    when: 'after connecting; `offline` is also the last will, so the broker says it when the process or the network dies',
  },
  { ...state, name: 'camera-status', address: '<camera>/status', payload: cameraStatus, when: 'at each change' },
  {
    ...told,
    name: 'events',
    retained: false,
    address: '<camera>/events',
    payload: event,
    when: 'an object comes (`new`), changes (`update`), is gone (`end`)',
  },
  {
    ...state,
    name: 'count',
    address: '<camera>/<label>/count',
    payload: count,
    when: 'at each change; `0` is told for every label that is watched',
  },
  { ...state, name: 'occupied', address: '<camera>/<label>/occupied', payload: onOff, when: 'with the count' },
  {
    ...state,
    name: 'zone-count',
    address: '<camera>/zone/<zone>/<label>/count',
    payload: count,
    when: 'the same, for one zone',
  },
  {
    ...state,
    name: 'zone-occupied',
    address: '<camera>/zone/<zone>/<label>/occupied',
    payload: onOff,
    when: 'with the count',
  },
  {
    ...state,
    name: 'label-snapshot',
    address: '<camera>/<label>/snapshot',
    payload: picture,
    when: 'before the event that speaks of it; again when a clearly better view comes with an event',
  },
  {
    ...state,
    name: 'view',
    qos: 0,
    address: '<camera>/view',
    payload: picture,
    when: 'someone asked for it with `request/snapshot`; the whole view',
  },
  {
    ...told,
    name: 'crossing',
    retained: false,
    address: '<camera>/line/<line>/crossing',
    payload: crossing,
    when: 'someone crossed a line for certain, a moment after `time`; `total` is of this label and direction since the start',
  },
  {
    ...told,
    name: 'seen',
    retained: false,
    address: '<camera>/seen',
    payload: sighting,
    when: 'an object comes or is gone, while there is a connection; for automations',
  },
  {
    ...told,
    name: 'appeared',
    retained: false,
    address: '<camera>/<label>/appeared',
    payload: eventId,
    when: 'an object comes, while there is a connection',
  },
  {
    ...told,
    name: 'crossed',
    retained: false,
    address: '<camera>/line/<line>/crossed',
    payload: direction,
    when: 'someone crosses a line, while there is a connection',
  },
  {
    ...state,
    name: 'learning-state',
    address: 'learn/state',
    payload: learningState,
    when: 'at each change of what was taught, where anything can be taught',
  },
  {
    ...state,
    name: 'classification',
    address: '<camera>/classification/<head>',
    payload: classification,
    when: 'at each change of a state of the whole view that was taught',
  },
  {
    ...state,
    name: 'taught-count',
    address: '<camera>/taught/<label>/count',
    payload: count,
    when: 'at each change; objects that are called what was taught, `0` too',
  },
  {
    ...state,
    name: 'taught-occupied',
    address: '<camera>/taught/<label>/occupied',
    payload: onOff,
    when: 'with the count',
  },
  { ...state, name: 'motion', address: '<camera>/motion', payload: onOff, when: 'at each change' },
  ...settings,
  ...requests,
  {
    ...state,
    name: 'model',
    address: 'model',
    payload: modelVersions,
    when: 'after connecting, where a model of this name ships',
  },
  {
    ...state,
    name: 'shared-examples',
    shared: true,
    address: 'learn/<space>/<node>/<head>/<label>',
    payload: examples,
    when: 'a node with `learn.share` was taught, or forgot, something of a label',
  },
  {
    ...state,
    name: 'shared-cuts',
    shared: true,
    address: 'learn/<space>/<node>/cuts',
    payload: cuts,
    when: 'a node with `learn.share` cuts out what others taught, or withdraws that',
  },
  { ...told, name: 'stats', retained: false, qos: 0, address: 'stats', payload: stats, when: 'every ten seconds' },
];
