import { useEffect, useState } from 'preact/hooks';
import type { LiveHeader, LiveTrack } from '../../../protocol.ts';
import { connection } from '../connection.ts';
import type { Pointed } from './teach-sheet.tsx';

/** Pictures to request, beside the stage, which shows the same ones. */
const wish = { maxHeight: 16, fps: 1 };

/** Covers the picture: each box is a button that teaches what is in it. */
export function TrackTargets({ camera, onTeach }: { camera: string; onTeach(of: Pointed): void }) {
  const [header, setHeader] = useState<LiveHeader>();
  useEffect(() => connection.watch(camera, wish, (picture) => setHeader(picture.header)), [camera]);
  if (!header) return null;
  const tracks = header.tracks.filter(({ confirmed, visible }) => confirmed && visible);
  const bySize = tracks.toSorted((a, b) => areaOf(b) - areaOf(a));
  return (
    <>
      {tracks.map((track) => {
        const { id, label, sub_label, box } = track;
        const [x1, y1, x2, y2] = box;
        const name = sub_label ?? label;
        return (
          <button
            key={id}
            type="button"
            class="track-target"
            aria-label={`Teach ${name} ${id}`}
            title="What is this?"
            style={{
              left: share(x1, header.width),
              top: share(y1, header.height),
              width: share(x2 - x1, header.width),
              height: share(y2 - y1, header.height),
              // So that a small one in front of a large one can be clicked.
              zIndex: bySize.indexOf(track) + 1,
            }}
            onClick={() => onTeach({ camera, track: id, name })}
          />
        );
      })}
    </>
  );
}

const areaOf = ({ box: [x1, y1, x2, y2] }: LiveTrack) => (x2 - x1) * (y2 - y1);
const share = (pixels: number, of: number) => `${(pixels / of) * 100}%`;
