// An alarm when a person stays in a zone; passers-by are ignored:  node dist/samples/zone-alarm.js [URI] [SECONDS]
import { Pipeline } from 'ocellus';

const [source = 'scene:', seconds = '3'] = process.argv.slice(2);
const pipeline = new Pipeline({
  source,
  detect: { labels: ['person'] },
  // Corners in fractions of the picture: here its left half. The page draws zones with the mouse.
  // biome-ignore format: one corner after the other
  zones: { porch: { polygon: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] } },
});
/** Since when each person stands there, ns, and of whom the alarm was told. */
const since = new Map<number, number>();
const alarmed = new Set<number>();
pipeline.on('frame', ({ frame, tracks }) => {
  const there = tracks.filter(({ confirmed, currentZones }) => confirmed && currentZones.includes('porch'));
  for (const id of since.keys()) {
    if (there.some((track) => track.id === id)) continue;
    since.delete(id);
    if (alarmed.delete(id)) console.log(`person ${id} left the porch`);
  }
  for (const { id } of there) {
    if (!since.has(id)) since.set(id, frame.captureTimeNs);
    const stayed = (frame.captureTimeNs - since.get(id)!) / 1e9;
    if (stayed < Number(seconds) || alarmed.has(id)) continue;
    alarmed.add(id);
    console.log(`ALARM: person ${id} has been on the porch for ${stayed.toFixed(1)} s`);
  }
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
