import { Icon } from '../parts/icons.tsx';
import { useStore } from '../store.ts';
import { troublesOf } from './verdict.ts';

/** How all is, in one sentence; what is wrong, and what to do. */
export function VerdictCard() {
  const cameras = useStore((state) => state.cameras);
  const stats = useStore((state) => state.history.at(-1)?.stats);
  const mqtt = useStore((state) => state.mqtt);
  const troubles = troublesOf({ cameras, stats, mqtt });
  if (!stats) return null;
  const quiet = cameras.filter(({ status, settings }) => status === 'disabled' || !settings.detect.enabled);
  return (
    <section class={`card panel verdict ${troubles.length > 0 ? 'is-bad' : ''}`} aria-label="How it is" role="status">
      {troubles.length === 0 ? (
        <p>
          <Icon name="check" />
          <span>
            <strong>All is well.</strong>
            {quiet.length > 0 && ` Nothing is detected on ${quiet.map(({ name }) => name).join(', ')}: it is off.`}
          </span>
        </p>
      ) : (
        troubles.map(({ what, todo }) => (
          <p key={what}>
            <Icon name="alert" />
            <span>
              <strong>{what}</strong> {todo}
            </span>
          </p>
        ))
      )}
    </section>
  );
}
