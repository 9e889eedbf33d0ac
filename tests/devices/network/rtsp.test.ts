import { describe, expect, it, onTestFinished } from 'vitest';
import { createDevice } from '../../../devices/index.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';
import { showing } from '../fake-ffmpeg.ts';

/** What a person is told when ffmpeg says this and ends. */
async function failure(said: string): Promise<string> {
  fakeProgram('ffmpeg', `process.stderr.write(${JSON.stringify(said)}); process.exitCode = 1;`);
  return opening();
}
const opening = () =>
  createDevice('rtsp://127.0.0.1:4040/door')
    .open()
    .then(
      () => expect.fail('it opened'),
      (error: Error) => error.message,
    );

describe('rtsp:', () => {
  it.each([
    ['[rtsp @ 0x5581] method DESCRIBE failed: 404 Not Found\n', /has no stream of this path/],
    ['[rtsp @ 0x5581] method DESCRIBE failed: 401 Unauthorized\n', /asks for a user and a password/],
    ['Server returned 401 Unauthorized (authorization failed)\n', /asks for a user and a password/],
    ['rtsp://127.0.0.1:4040/door: Connection refused\n', /: the camera does not answer: is it on/],
    // Nothing that only ffmpeg's authors understand.
    [
      'Connection to tcp://127.0.0.1:9?timeout=8000000 failed: Connection refused\n',
      /right\? Connection to tcp:\/\/127\.0\.0\.1:9 failed: Connection refused$/,
    ],
    [
      "Stream map '0:V:0' matches no streams.\nTo ignore this, add a trailing '?' to the map.\n",
      /: the camera sends no video, but sound or data alone: .* matches no streams\.$/,
    ],
    // The port is no status.
    ['rtsp://127.0.0.1:404/door: Invalid data found\n', /door: the stream ended \(exit status 1\): rtsp/],
  ])('explains what ffmpeg says: %s', async (said, message) => {
    expect(await failure(said)).toMatch(message);
  });

  it('shows no password in its title, where a camera has it in the path', async () => {
    fakeProgram(
      'ffmpeg',
      `${showing} const write = show(16, 16);
      setInterval(() => write(), 20);`,
    );
    const device = createDevice('rtsp://door/user=admin&password=hunter2&channel=1');
    onTestFinished(() => device.close());
    await device.open();
    expect(device.properties.title).toBe('door/user=admin&password=***&channel=1');
  });

  it('says what to install where there is no ffmpeg, and nothing of the camera', async () => {
    onlyPrograms();
    expect(await opening()).toMatch(/^rtsp:\/\/127\.0\.0\.1:4040\/door: ffmpeg is needed for this source/);
  });
});
