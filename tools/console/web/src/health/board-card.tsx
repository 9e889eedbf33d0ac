import type { NodeStats } from '../../../protocol.ts';
import { energy } from '../format.ts';
import { Facts } from '../parts/facts.tsx';

const covered = {
  sensor: 'what is wired to the sensor',
  rails: 'the rails of the board, without USB and HATs',
  package: 'the processor alone',
} as const;

/** The board's power and throttling; nothing if it reports neither. */
export function BoardCard({ stats: { power, throttling } }: { stats: Pick<NodeStats, 'power' | 'throttling'> }) {
  if (!power && !throttling) return null;
  const facts: [string, string][] = [];
  if (power) {
    const { watts, joules_per_inference } = power;
    facts.push(
      ['Power', `${watts.toFixed(2)} W`],
      ['Energy of a look', joules_per_inference === null ? '–' : energy(joules_per_inference)],
      ['Measured by', `${power.source}: ${covered[power.covers]}`],
    );
  }
  if (throttling) {
    const { now, since_boot } = throttling;
    facts.push(['Slowed down by', now.join(', ') || 'nothing']);
    if (since_boot) facts.push(['Since power-on', since_boot.join(', ') || 'nothing']);
  }
  const isWell = !throttling || throttling.now.length === 0;
  return (
    <section class="card panel" aria-label="Board">
      <div class="panel-head">
        <h3>
          Board <span class="muted">the last ten seconds</span>
        </h3>
        {throttling && (
          <span class={`pill is-${isWell ? 'online' : 'offline'}`}>
            <span class={`dot is-${isWell ? 'online' : 'offline'}`} />
            {isWell ? 'Full speed' : 'Throttled'}
          </span>
        )}
      </div>
      <Facts facts={facts} />
    </section>
  );
}
