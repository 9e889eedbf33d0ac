import { describe, expect, it } from 'vitest';
import type { EventMessage } from '../../sdk/vision/event.ts';
import { eventInWords } from '../../tools/cli/watching.ts';

describe('eventInWords', () => {
  const event = (label: string) =>
    ({
      type: 'end',
      after: { label, score: 0.876, frame_time: 4.25, start_time: 1, id: '1.000000-abcdef' },
    }) as EventMessage;

  it('tells when, what, how sure and how long', () => {
    expect(eventInWords(event('cat'), false)).toBe('4.3 s  end     cat 88 % after 3.3 s  1.000000-abcdef');
    expect(eventInWords(event('cat'), true)).toMatch(/^\d\d:\d\d:\d\d {2}end {5}cat 88 %/);
  });

  it('does not let the labels of a model write to the terminal', () => {
    expect(eventInWords(event('c\u001b[2Jt\nforged'), false)).toContain('c\\u001b[2Jt\\nforged 88 %');
  });
});
