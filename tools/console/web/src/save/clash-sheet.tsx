import { Sheet } from '../parts/sheet.tsx';
import { pointsText } from '../zones/saved-shapes.tsx';
import type { Clash } from './merge.ts';
import { settingInWords, valueInWords } from './words.ts';

const size = { width: 160, height: 90 };

/** Others have changed the same: shows both, and asks which one stays. */
export function ClashSheet({
  camera,
  clashes,
  onTheirs,
  onMine,
  onClose,
}: {
  camera: string;
  clashes: readonly Clash[];
  onTheirs(): void;
  onMine(): void;
  /** Nothing was chosen. */
  onClose(): void;
}) {
  const isGone = clashes.every(({ there }) => there === undefined);
  const deletes = clashes.every(({ mine }) => mine === undefined);
  const what = clashes.map(({ path }) => settingInWords(path)).join(', ');
  return (
    <Sheet title={`Changed elsewhere: ${what}`} onClose={onClose}>
      {(close) => (
        <>
          <p class="muted">
            {isGone
              ? 'It was deleted elsewhere meanwhile. Saving yours would bring it back.'
              : 'Somebody has changed this since you began: in another tab, on another device, over MQTT, or in the settings file. Which one stays?'}
          </p>
          {clashes.map(({ path, there, mine }) => (
            <div key={path.join('.')} class="clash">
              <Side title="As it is now" camera={camera} path={path} value={there} />
              <Side title="Yours" camera={camera} path={path} value={mine} />
            </div>
          ))}
          <div class="form-end">
            <button
              type="button"
              class="button"
              autofocus
              onClick={() => {
                onTheirs();
                close();
              }}
            >
              {isGone ? 'Leave it deleted' : 'Keep what is there'}
            </button>
            <button
              type="button"
              class="button is-main"
              onClick={() => {
                onMine();
                close();
              }}
            >
              {isGone ? 'Bring it back' : deletes ? 'Delete it all the same' : 'Save mine'}
            </button>
          </div>
        </>
      )}
    </Sheet>
  );
}

function Side({
  title,
  camera,
  path,
  value,
}: {
  title: string;
  camera: string;
  path: readonly string[];
  value: unknown;
}) {
  const shapes = shapesOf(path, value);
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong> {valueInWords(value, path)}
      </figcaption>
      {shapes && (
        <div class="clash-picture">
          <img src={`/api/cameras/${encodeURIComponent(camera)}/snapshot.jpg`} alt="" />
          <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" role="img" aria-label={title}>
            {shapes.map((points) => (
              <g key={String(points)} class="shape">
                <polygon points={pointsText(points, size)} vector-effect="non-scaling-stroke" />
              </g>
            ))}
          </svg>
        </div>
      )}
    </figure>
  );
}

type Points = readonly (readonly [number, number])[];

/** The outlines of a zone, a line or masks; undefined for what has none. */
function shapesOf(path: readonly string[], value: unknown): readonly Points[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (path.at(-1) === 'masks') return value as Points[];
  const { polygon, from, to } = value as { polygon?: Points; from?: Points[number]; to?: Points[number] };
  if (polygon) return [polygon];
  return from && to ? [[from, to]] : undefined;
}
