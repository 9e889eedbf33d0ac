// Tracks, lines and zones on detections that come from anywhere:  node dist/samples/own-detections.js < detections.jsonl
// A line for each frame: {"time": 12.4, "detections": [{"label": "person", "score": 0.8, "box": [10, 20, 60, 180]}]}
import { createInterface } from 'node:readline';
import { changedCounts, countTracks, Detections, Lines, Tracker, Zones } from 'ocellus';
import type { ZoneInput } from 'ocellus/vision';

interface Line {
  /** Seconds. */
  time: number;
  /** Boxes in pixels. */
  detections: { label: string; score: number; box: [number, number, number, number] }[];
}

const size = { width: 640, height: 480 };
const labels = ['person', 'car'];
const zones: Record<string, ZoneInput> = {
  left: {
    polygon: [
      [0, 0],
      [0.5, 0],
      [0.5, 1],
      [0, 1],
    ],
  },
};

const tracker = new Tracker({ confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 });
const places = new Zones(zones);
const lines = new Lines({ gate: { from: [0.5, 0], to: [0.5, 1] } });
let counts = countTracks([], labels, zones);

for await (const text of createInterface({ input: process.stdin })) {
  const { time, detections } = JSON.parse(text) as Line;
  const known = detections.filter(({ label }) => labels.includes(label));
  const rows = known.map(({ label, score, box }) => ({ box, score, classId: labels.indexOf(label) }));
  const found = Detections.from(rows, labels);
  const tracks = places.update(tracker.update(found, time * 1e9), size);
  tell(lines.update(tracks, { ...size, captureTimeNs: time * 1e9, wallTimeMs: time * 1e3 }));
  const now = countTracks(tracks, labels, zones);
  for (const { label, zone, count } of changedCounts(counts, now)) console.log(zone ?? 'in view', label, count);
  counts = now;
}
tell(lines.finish());

function tell(crossings: ReturnType<Lines['update']>): void {
  for (const { line, label, direction, total } of crossings) console.log(line, label, direction, total);
}
