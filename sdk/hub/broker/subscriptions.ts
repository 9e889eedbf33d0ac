/** A subscription of a client. */
export interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  /** MQTT 5: not what the client says itself. */
  readonly noLocal: boolean;
  /** MQTT 5: with the retain flag that the publisher gave. */
  readonly retainAsPublished: boolean;
  /** MQTT 5: comes with each message, so that the client knows why it comes. */
  readonly identifier?: number;
}

interface Level<Client> {
  readonly below: Map<string, Level<Client>>;
  readonly here: Map<Client, Subscription>;
}

const newLevel = <Client>(): Level<Client> => ({ below: new Map(), here: new Map() });

/** All subscriptions: a tree of the filters' levels. */
export class Subscriptions<Client> {
  readonly #root = newLevel<Client>();

  /** A second one of the same client and filter takes the place of the first. */
  add(client: Client, subscription: Subscription): void {
    let level = this.#root;
    for (const name of subscription.filter.split('/')) {
      let next = level.below.get(name);
      if (!next) level.below.set(name, (next = newLevel()));
      level = next;
    }
    level.here.set(client, subscription);
  }

  remove(client: Client, filter: string): void {
    this.#remove(this.#root, client, filter.split('/'), 0);
  }

  /** All whose filter fits, a client once for each of them. */
  of(topic: string): [Client, Subscription][] {
    const found: [Client, Subscription][] = [];
    this.#collect(this.#root, topic.split('/'), 0, found);
    return found;
  }

  #remove(level: Level<Client>, client: Client, names: readonly string[], at: number): void {
    if (at === names.length) {
      level.here.delete(client);
      return;
    }
    const next = level.below.get(names[at]!);
    if (!next) return;
    this.#remove(next, client, names, at + 1);
    if (next.here.size === 0 && next.below.size === 0) level.below.delete(names[at]!);
  }

  #collect(level: Level<Client>, names: readonly string[], at: number, found: [Client, Subscription][]): void {
    // `a/#` is `a` as well.
    const rest = level.below.get('#');
    if (rest) found.push(...rest.here);
    if (at === names.length) {
      found.push(...level.here);
      return;
    }
    for (const name of [names[at]!, '+']) {
      const next = level.below.get(name);
      if (next) this.#collect(next, names, at + 1, found);
    }
  }
}
