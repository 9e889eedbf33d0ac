import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import type { Payload } from './payloads.ts';

/** What of a verb its topics are described by. */
interface VerbSchemas {
  readonly name: string;
  readonly description: string;
  readonly request: TObject;
  readonly response: TSchema;
}

const Transaction = Type.Union([Type.String({ maxLength: 128 }), Type.Number()], {
  description: 'Returned unchanged.',
});

export function request({ name, description, request }: VerbSchemas): Payload {
  return {
    name: `request-${name}`,
    contentType: 'application/json',
    schema: Type.Object(
      { ...request.properties, transaction: Type.Optional(Transaction) },
      { additionalProperties: false, description },
    ),
    summary: 'JSON, see below',
  };
}

export function response({ name, response }: VerbSchemas): Payload {
  const more = { transaction: Type.Optional(Transaction) };
  const ok = { status: Type.Literal('ok'), data: response, ...more };
  const error = {
    status: Type.Literal('error'),
    data: Type.Object({}, { additionalProperties: false }),
    error: Type.String({ description: 'What was expected and what came.' }),
    ...more,
  };
  return {
    name: `response-${name}`,
    contentType: 'application/json',
    schema: Type.Union([
      Type.Object(ok, { additionalProperties: false }),
      Type.Object(error, { additionalProperties: false }),
    ]),
    summary: '`{"data", "status": "ok" or "error", "error", "transaction"}`',
  };
}
