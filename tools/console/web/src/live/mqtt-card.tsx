import { mqttLine } from '../mqtt-line.ts';
import { CopyLine } from '../parts/copy-line.tsx';
import { useStore } from '../store.ts';

/** Where the same detections are on MQTT. */
export function MqttCard() {
  const mqtt = useStore((state) => state.console?.mqtt);
  if (mqtt === undefined) return null;
  const line = mqtt && mqttLine(mqtt);
  return (
    <section class="card panel" aria-label="MQTT">
      <h2>MQTT</h2>
      {mqtt ? (
        <>
          <p class="muted">
            The same on <code>{mqtt.url}</code> under <code>{mqtt.root}</code>
            {line ? '. Try it in a terminal on this board:' : '.'}
          </p>
          {line && <CopyLine text={line} label="Copy the command" />}
        </>
      ) : (
        <p class="muted">
          Off. With the address of a broker in the board’s settings file, a home hub hears what is seen here.
        </p>
      )}
    </section>
  );
}
