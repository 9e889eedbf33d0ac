import type { ConnectionStats } from '../../../protocol.ts';
import { bytes, count, duration } from '../format.ts';
import { Facts } from '../parts/facts.tsx';

/** The messages that wait for the broker. */
export function OutboxCard({ mqtt }: { mqtt: ConnectionStats }) {
  const { outbox, connected } = mqtt;
  const evicted = Object.values(outbox.evicted).reduce((sum, one) => sum + one, 0);
  const facts: [string, string][] = [
    ['Waiting', count(outbox.depth)],
    ['Size', bytes(outbox.bytes)],
    ['Oldest', outbox.depth === 0 ? '–' : duration(outbox.oldest_age_seconds)],
    ['Kept', outbox.storage === 'disk' ? 'on disk' : 'in memory only'],
    ['Given up', count(evicted)],
    ['Published', count(mqtt.published)],
    ['Refused', count(mqtt.refused)],
    ['Connections', count(mqtt.connections)],
  ];
  const status = connected ? 'online' : 'offline';
  return (
    <section class="card panel" aria-label="MQTT">
      <div class="panel-head">
        <h3>
          MQTT <span class="muted">messages waiting for the broker</span>
        </h3>
        <span class={`pill is-${status}`}>
          <span class={`dot is-${status}`} />
          {connected ? 'Connected' : 'No connection'}
        </span>
      </div>
      <Facts facts={facts} wide />
    </section>
  );
}
