import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { about, type Logger } from '../../sdk/base/log.ts';
import { recorder } from '../support/recorder.ts';

it('puts what a message is about in front of it, where the logger has no fields', () => {
  const logger = recorder();
  const camera = about(logger, { camera: 'door' });
  camera.debug('a');
  camera.info('b');
  camera.warn('c');
  about(camera, { source: 'scene' }).error('d');
  expect(logger.lines).toEqual(['debug door: a', 'info door: b', 'warn door: c', 'error door: scene: d']);
});

it('takes a pino logger as it is, and gives it fields', () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logger: Logger = pino({ base: null, timestamp: false }, stream);
  about(logger, { camera: 'door' }).warn('slow');
  expect(lines.map((line) => JSON.parse(line))).toEqual([{ level: 40, camera: 'door', msg: 'slow' }]);
});
