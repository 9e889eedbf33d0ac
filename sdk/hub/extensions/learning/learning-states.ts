import { unsure } from '../../../learn/ledger/example.ts';
import type { CameraTopics } from '../../contract/topics.ts';
import type { RetainedSource } from '../../retained/retained-topics.ts';
import type { Extension, HubContext } from '../extension.ts';
import type { HubCamera, HubLearning } from '../hub-node.ts';
import { Listeners } from '../listeners.ts';
import { learningState } from './learning-state.ts';
import { type Taught, taughtOn } from './taught.ts';

/**
 * Keeps right at the broker what learning tells: `learn/state`, of each camera the states of its whole view, and how many
 * objects are called what was taught. Where nothing can be taught, what an earlier run left there is emptied.
 */
export class LearningStates implements Extension {
  readonly #listeners = new Listeners();
  #states: RetainedSource | undefined;
  /** Recomputed when learning has changed: it is read at each event. */
  #known: { readonly state: string; readonly taught: ReadonlyMap<string, Taught> } | undefined;
  /** What lay at the broker when it was looked at last, by topic; undefined before. */
  #left: ReadonlyMap<string, string> | undefined;

  get states(): RetainedSource | undefined {
    return this.#states;
  }

  start(context: HubContext): void {
    const { node, topics, retained } = context;
    const { learning } = node;
    let found = new Map<string, string>();
    this.#states = {
      filters: topics.learned,
      wanted: () => (learning?.isReady ? this.#wanted(context, learning) : new Map()),
      isStale: (topic) => (!learning || learning.isReady) && topics.isLearned(topic),
      found: (topic, payload) => {
        if (topics.isLearned(topic)) found.set(topic, payload.toString());
      },
      scanned: () => {
        this.#left = found;
        found = new Map();
      },
    };
    if (!learning) return;
    this.#listeners.on(learning, 'changed', () => {
      this.#known = undefined;
      retained.updateSoon();
    });
    this.#listeners.on(learning, 'state', () => retained.update());
    for (const camera of node.pipelines.values()) {
      this.#listeners.on(camera, 'event', () => retained.update());
      this.#listeners.on(camera, 'settings', () => {
        this.#known = undefined;
        retained.update();
      });
    }
  }

  stop(): void {
    this.#listeners.removeAll();
    this.#known = undefined;
    this.#left = undefined;
  }

  #wanted({ node, topics }: HubContext, learning: HubLearning): ReadonlyMap<string, string | undefined> {
    this.#known ??= {
      state: JSON.stringify(learningState(learning)),
      taught: taughtOn(learning, node.pipelines.keys()) ?? new Map(),
    };
    const states = new Map<string, string | undefined>([[topics.learningState, this.#known.state]]);
    for (const camera of node.pipelines.values()) {
      const mine = topics.camera(camera.name);
      const { labels = [], states: heads = [] } = this.#known.taught.get(camera.name) ?? {};
      for (const [topic, value] of taughtCounts(camera, labels, mine)) states.set(topic, value);
      for (const { head, labels: known } of heads) {
        const topic = mine.classification(head);
        states.set(topic, this.#stateOf(topic, head, known, camera, learning));
      }
    }
    return states;
  }

  #stateOf(topic: string, head: string, labels: readonly string[], camera: HubCamera, learning: HubLearning) {
    if (!camera.settings.learn.enabled) return unsure;
    const seen = learning.camera(camera.name).states.find((one) => one.head === head);
    if (seen?.decided) return labels.includes(seen.state) ? seen.state : unsure;
    // What an earlier run saw holds until this one has looked for long enough.
    const left = this.#left?.get(topic);
    return this.#left && !(left !== undefined && labels.includes(left)) ? unsure : undefined;
  }
}

/** Objects that are called each label now, zeroes included. */
export function taughtCounts(
  { tracks }: Pick<HubCamera, 'tracks'>,
  labels: readonly string[],
  topics: CameraTopics,
): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const label of labels) {
    const count = tracks.filter(({ confirmed, subLabel }) => confirmed && subLabel?.label === label).length;
    // Labels that differ only in characters a topic does not take share their topics.
    const topic = topics.taughtCount(label);
    const total = count + Number(states.get(topic) ?? 0);
    states.set(topic, String(total));
    states.set(topics.taughtOccupied(label), total > 0 ? 'ON' : 'OFF');
  }
  return states;
}
