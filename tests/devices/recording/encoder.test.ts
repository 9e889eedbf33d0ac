import { describe, expect, it } from 'vitest';
import { Encoder } from '../../../devices/recording/encoder.ts';
import { within } from '../../../sdk/base/within.ts';
import { fakeProgram } from '../../support/programs.ts';
import { greyFrame } from '../../vision/fakes.ts';

describe('Encoder', () => {
  // More than a pipe holds.
  const frame = greyFrame(0, { width: 640, height: 480, noise: 0 });
  const command = { program: 'ffmpeg', args: [], install: '' };

  it('waits for no program that takes no more frames, and ends it', async () => {
    fakeProgram('ffmpeg', 'setInterval(() => {}, 1000);');
    const encoder = await Encoder.start(command, frame, 500);
    await expect(encoder.write(frame)).rejects.toThrow(/the video cannot be written; .*it took no frame for 0\.5 s/);
    expect(await within(5000, encoder.end().catch(String), 'still waiting')).toContain('killed by SIGKILL');
  });
});
