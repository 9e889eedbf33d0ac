import { readdirSync, readFileSync } from 'node:fs';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asset } from '../../sdk/base/assets.ts';
import { schemaFiles } from '../../tools/docs/schemas.ts';

const read = (name: string) => readFileSync(asset('schemas', name), 'utf8');

/** All values of a key, at any depth. */
function* valuesOf(key: string, value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === key) yield inner;
    yield* valuesOf(key, inner);
  }
}

describe('schemas/', () => {
  it('is what the contract makes', () => {
    const files = Object.fromEntries(readdirSync(asset('schemas')).map((name) => [name, read(name)]));
    expect(files, 'schemas/ is stale: run npm run docs').toEqual(Object.fromEntries(schemaFiles()));
  });

  it('holds JSON Schemas', () => {
    const names = readdirSync(asset('schemas')).filter((name) => name.endsWith('.json'));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) new Ajv({ strict: true, strictTuples: false }).compile(JSON.parse(read(name)));
  });

  it('holds an AsyncAPI 3 document whose references lead somewhere', () => {
    const document = parse(read('asyncapi.yaml'));
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(specs.schemasWithoutId['3.0.0']!);
    validate(document);
    expect(validate.errors).toBeNull();
    const references = [...valuesOf('$ref', document)].map(String);
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const target = reference.startsWith('#/')
        ? reference
            .slice(2)
            .split('/')
            .reduce((value, key) => value?.[key], document)
        : read(reference.slice(2));
      expect(target, reference).toBeDefined();
    }
    // A document that is wrong is found.
    validate({ ...document, operations: { status: { action: 'shout' } } });
    expect(validate.errors).not.toBeNull();
  });
});
