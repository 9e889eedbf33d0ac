import type { SectionProps } from './section.ts';
import { UriForm } from './uri-form.tsx';

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
    <UriForm id="source" name="Source" value={camera.settings.source} list="sources" use={(source) => save({ source })}>
      {(fill) => (
        <>
          <datalist id="sources">
            {examples.map(([uri, what]) => (
              <option key={uri} value={uri}>
                {what}
              </option>
            ))}
          </datalist>
          {opened && (
            <span class="field-help">
              Now: {opened.title}, {opened.width} × {opened.height}. {opened.note}
            </span>
          )}
          <details class="examples">
            <summary>What you can enter here</summary>
            <ul>
              {examples.map(([uri, what]) => (
                <li key={uri}>
                  <button type="button" class="text-button" onClick={() => fill(uri)}>
                    <code>{uri}</code>
                  </button>
                  <span class="muted">{what}</span>
                </li>
              ))}
            </ul>
          </details>
        </>
      )}
    </UriForm>
  );
}
