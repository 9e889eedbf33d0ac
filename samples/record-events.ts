// Records while something is there, and nothing in between:  node dist/samples/record-events.js [URI] [FOLDER]  (needs ffmpeg)
// Each recording is a folder; `ocellus watch recording:FOLDER/1` or any player shows it.
import { join } from 'node:path';
import { type Frame, Pipeline, Recorder, type Stage } from 'ocellus';

const [source = 'scene:', folder = 'clips'] = process.argv.slice(2);

class RecordEvents implements Stage<Frame> {
  readonly running = new Set<string>();
  #recorder: Recorder | undefined;
  #clips = 0;

  async process(frame: Frame): Promise<Frame> {
    if (this.running.size > 0 && !this.#recorder) {
      const clip = join(folder, String(++this.#clips));
      this.#recorder = new Recorder({ folder: clip, camera: () => pipeline, model: 'nanodet-g-416-int8' });
      await this.#recorder.start();
    }
    if (this.running.size === 0) await this.stop();
    await this.#recorder?.process(frame);
    return frame;
  }

  async stop(): Promise<void> {
    const recorder = this.#recorder;
    this.#recorder = undefined;
    await recorder?.stop();
    if (recorder) console.log(`clip ${this.#clips}:`, recorder.failure?.message ?? `${recorder.frames} frames`);
  }
}

const recording = new RecordEvents();
const pipeline: Pipeline = new Pipeline({ source, before: [recording], logger: console });
pipeline.on('event', ({ type, after }) => {
  if (type === 'new') recording.running.add(after.id);
  if (type === 'end') recording.running.delete(after.id);
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
