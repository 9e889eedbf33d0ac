import { judge } from './rules.ts';

/** Home Assistant's registry as far as device discovery goes: what a component that is left out does, too. */
export class FakeHomeAssistant {
  /** Its components by discovery topic and key, with the fields in use. */
  readonly devices = new Map<string, Map<string, Record<string, unknown>>>();
  readonly problems: string[] = [];

  take(topic: string, payload: string): void {
    if (payload === '') {
      this.devices.delete(topic);
      return;
    }
    const others = [...this.devices].filter(([other]) => other !== topic).flatMap(([, known]) => [...known.values()]);
    const ids = new Set(others.flatMap(({ unique_id }) => (unique_id === undefined ? [] : [String(unique_id)])));
    const { device, components, accepted } = judge(topic, payload, ids);
    this.problems.push(...device, ...[...components].map(([key, reasons]) => `${key}: ${reasons.join(', ')}`));
    if (device.length > 0) return;
    const known = this.devices.get(topic) ?? new Map<string, Record<string, unknown>>();
    const { cmps } = JSON.parse(payload) as { cmps: Record<string, object> };
    for (const [key, config] of Object.entries(cmps)) if (Object.keys(config).length === 1) known.delete(key);
    // What the message does not name stays as it was.
    for (const [key, fields] of accepted) known.set(key, fields);
    this.devices.set(topic, known);
  }

  /** It starts anew, and knows what is retained then. */
  restart(retained: ReadonlyMap<string, string>): void {
    this.devices.clear();
    for (const [topic, payload] of retained) if (payload !== '') this.take(topic, payload);
  }

  /** Of its entities; triggers have none. */
  get uniqueIds(): string[] {
    const all = [...this.devices.values()].flatMap((known) => [...known.values()]);
    return all.flatMap(({ unique_id }) => (unique_id === undefined ? [] : [String(unique_id)]));
  }

  keys(topic: string): string[] {
    return [...(this.devices.get(topic)?.keys() ?? [])].sort();
  }
}
