import { describe, expect, it } from 'vitest';
import { eventQuery } from '../../tools/console/server/event-query.ts';
import {
  exampleQuery,
  forgetRequest,
  relabelRequest,
  teachRequest,
} from '../../tools/console/server/learning/requests.ts';

const [one, other] = ['Caf\u00e9', 'Cafe\u0301'];

describe('a label that the page sends', () => {
  it('is the same composed and decomposed', () => {
    expect(teachRequest({ camera: 'door', track: 1, label: other })).toMatchObject({ label: one });
    expect(relabelRequest({ example: 'x-1', label: other })).toMatchObject({ label: one });
    expect(forgetRequest({ head: 'object', label: other }).target).toEqual({ head: 'object', label: one });
    expect(exampleQuery(new URLSearchParams({ label: other }))).toEqual({ label: one, offset: 0, limit: 48 });
    expect(exampleQuery(new URLSearchParams())).toEqual({ offset: 0, limit: 48 });
    expect(eventQuery(new URLSearchParams({ label: other }))).toMatchObject({ label: one });
    expect(eventQuery(new URLSearchParams()).label).toBeUndefined();
  });

  it('has an end', () => {
    expect(() => teachRequest({ camera: 'door', track: 1, label: 'x'.repeat(65) })).toThrow(/label: expected text/);
  });
});
