import { describe, expect, it } from 'vitest';
import { Exposition } from '../../tools/console/server/exposition.ts';

function written(accept?: string) {
  const text = new Exposition(accept);
  text.info('o_build', 'Build.', { version: '1' });
  text.gauge('o_warmth_celsius', 'Warmth.', [[{}, 1.5]]);
  text.counter('o_frames', 'Frames.', [[{ camera: 'a\\b"c\nd' }, 7]]);
  text.summary('o_stage_seconds', 'Times.', [[{ stage: 'x' }, 0.25, 4]]);
  text.stateSet('o_status', 'Status.', ['on', 'off'], [[{ camera: 'a' }, 'off']]);
  return { text: text.end(), contentType: text.contentType };
}

const samples = [
  'o_build_info{version="1"} 1',
  'o_warmth_celsius 1.5',
  'o_frames_total{camera="a\\\\b\\"c\\nd"} 7',
  'o_stage_seconds_sum{stage="x"} 0.25',
  'o_stage_seconds_count{stage="x"} 4',
  'o_status{camera="a",o_status="on"} 0',
  'o_status{camera="a",o_status="off"} 1',
];

describe('Exposition', () => {
  it("writes Prometheus' text format", () => {
    const { text, contentType } = written('text/plain, */*;q=0.1');
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.split('\n').filter((line) => line.startsWith('# TYPE'))).toEqual([
      '# TYPE o_build_info gauge',
      '# TYPE o_warmth_celsius gauge',
      '# TYPE o_frames_total counter',
      '# TYPE o_stage_seconds summary',
      '# TYPE o_status gauge',
    ]);
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([...samples, '']);
  });

  it('writes OpenMetrics for who asks for it, with the same samples', () => {
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3';
    const { text, contentType } = written(accept);
    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text.split('\n').filter((line) => line.startsWith('# TYPE'))).toEqual([
      '# TYPE o_build info',
      '# TYPE o_warmth_celsius gauge',
      '# TYPE o_frames counter',
      '# TYPE o_stage_seconds summary',
      '# TYPE o_status stateset',
    ]);
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([...samples, '']);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });
});
