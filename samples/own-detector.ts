// Your own detector instead of the network:  node dist/samples/own-detector.js [URI]
// This one finds bright spots, as a thermal camera shows warm ones. Tracks, zones, events and MQTT follow
// automatically.
import { type Detector, Pipeline } from 'ocellus';

const warm = 200; // Of 255

const detector: Detector = {
  name: 'warm spot',
  labels: ['warm'],
  async detect({ format, width, height, planes: [plane] }) {
    // A camera's first plane is its brightness; pictures have three colours per pixel.
    const step = format.endsWith('24') ? 3 : 1;
    const box = [width, height, 0, 0] as [number, number, number, number];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (plane!.data[y * plane!.stride + x * step]! < warm) continue;
        box[0] = Math.min(box[0], x);
        box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x + 1);
        box[3] = Math.max(box[3], y + 1);
      }
    }
    return { detections: box[2] > 0 ? [{ box, score: 0.9, label: 'warm' }] : [] };
  },
};

// Every frame of a file, once; a camera has its own rate.
const pipeline = new Pipeline({ source: process.argv[2] ?? 'auto:', model: detector, speed: 'max' });
pipeline.on('event', ({ type, after }) => console.log(type, after.label, after.box.join(' ')));
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
