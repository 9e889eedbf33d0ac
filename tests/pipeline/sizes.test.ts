import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

const folder = asset('sdk', 'pipeline');
const linesOf = (name: string) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');

/** A field of a class, not a method or an accessor. */
const field = /^ {2}(?!(?:static|get|set|async|constructor)\b)(?:readonly )?#?\w+!?(?:: .*)?(?: = .*)?;$/;

it('the pipeline can be read: no class is over 300 lines or 12 fields, pipeline.ts is under 200, the way of a frame one file', () => {
  const classes = new Map<string, { lines: number; fields: number }>();
  for (const name of readdirSync(folder)) {
    const lines = linesOf(name);
    for (const [start, line] of lines.entries()) {
      const [, className] = /^export class (\w+)/.exec(line) ?? [];
      if (!className) continue;
      const body = lines.slice(start, lines.indexOf('}', start));
      classes.set(className, { lines: body.length, fields: body.filter((one) => field.test(one)).length });
    }
  }
  // It has read them.
  expect(classes.size).toBeGreaterThan(15);
  expect(classes.get('Node')!.fields).toBeGreaterThan(5);
  const large = [...classes].filter(([, { lines, fields }]) => lines > 300 || fields > 12);
  expect(large).toEqual([]);
  expect(linesOf('pipeline.ts').length).toBeLessThan(200);
  expect(linesOf('frame-way.ts').length).toBeLessThan(250);
});
