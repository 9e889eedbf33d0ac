import { useState } from 'preact/hooks';
import { fetchSources } from '../api.ts';
import type { SectionProps } from './section.ts';
import { SourceForm } from './source-form.tsx';

const examples: readonly [uri: string, what: string][] = [
  ['auto:', 'the first camera found'],
  ['libcamera:', 'camera of a Raspberry Pi'],
  ['v4l2:/dev/video0', 'USB camera'],
  ['rtsp://user:password@192.168.1.20/stream1', 'network camera'],
  ['http://user:password@192.168.1.20/video', 'network camera that sends MJPEG'],
  ['file:/home/pi/garden.mp4', 'a video or a folder of pictures'],
  ['scene:', 'the built-in scene'],
];

export function SourceField({ camera, save }: SectionProps) {
  const { opened } = camera.source;
  return (
    <SourceForm
      id="source"
      name="Source"
      list="sources"
      value={camera.settings.source}
      camera={camera.name}
      action="Use this source"
      use={(source) => save({ source })}
    >
      {(fill) => (
        <>
          {opened && (
            <span class="field-help">
              Now: {opened.title}, {opened.width} × {opened.height}. {opened.note}
            </span>
          )}
          <SourceHelp fill={fill} />
        </>
      )}
    </SourceForm>
  );
}

/** What was found, and what can be entered. */
export function SourceHelp({ fill }: { fill(uri: string): void }) {
  const [found, setFound] = useState<readonly (readonly [uri: string, what: string])[]>();
  const [said, setSaid] = useState<string>();
  const search = async () => {
    setSaid('Looking for cameras …');
    try {
      const { cameras, network } = await fetchSources(true);
      const answered = network.map(
        ({ address, name, hardware }) =>
          [
            `rtsp://user:password@${address.includes(':') ? `[${address}]` : address}/`,
            `${[name, hardware].filter(Boolean).join(', ') || 'a camera'} at ${address}: write user, password and path (its manual has it)`,
          ] as const,
      );
      setFound([...cameras.map(({ uri, title }) => [uri, title] as const), ...answered]);
      setSaid(
        cameras.length + network.length > 0
          ? undefined
          : 'No camera was found: none is plugged in, and none answers in the network (ONVIF; many have it switched off).',
      );
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  return (
    <>
      <datalist id="sources">
        {examples.map(([uri, what]) => (
          <option key={uri} value={uri}>
            {what}
          </option>
        ))}
      </datalist>
      <button type="button" class="button" onClick={search}>
        Find cameras
      </button>
      <span class="field-help" role="status">
        {said}
      </span>
      {found && found.length > 0 && <Choices name="Cameras found" of={found} fill={fill} />}
      <details class="examples">
        <summary>What you can enter here</summary>
        <Choices name="Examples" of={examples} fill={fill} />
      </details>
    </>
  );
}

function Choices({
  name,
  of,
  fill,
}: {
  name: string;
  of: readonly (readonly [uri: string, what: string])[];
  fill(uri: string): void;
}) {
  return (
    <ul class="choices" aria-label={name}>
      {of.map(([uri, what]) => (
        <li key={uri}>
          <button type="button" class="text-button" onClick={() => fill(uri)}>
            <code>{uri}</code>
          </button>
          <span class="muted">{what}</span>
        </li>
      ))}
    </ul>
  );
}
