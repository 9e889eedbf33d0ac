import type { TSchema } from '@sinclair/typebox';
import { Settings } from '../../sdk/config/schema.ts';
import { expected } from '../../sdk/config/validate.ts';
import { table } from './table.ts';

/** `docs/settings.md`, made from the one schema: each field with what it takes, its default and what it is for. */
export function settingsPage(): string {
  const rows: string[][] = [];
  walk(Settings, '', rows);
  return `# Settings

\`ocellus run\` reads \`ocellus.yaml\` in the folder it is started in, or the file that \`--config\` names. Every field may be
left out. What is changed on the page or over MQTT is written back to the file; comments stay. A wrong field stops the start
with its path, what was expected and what came.

\`\`\`yaml
node: porch
cameras:
  door:
    source: rtsp://user:password@192.168.1.20/stream1
    detect:
      labels: [person, cat, car]
      thresholds: { cat: 0.7 }
    zones:
      steps:
        polygon: [[0.1, 0.5], [0.6, 0.5], [0.6, 1], [0.1, 1]]
    lines:
      gate: { from: [0.2, 0.9], to: [0.8, 0.9] }
mqtt:
  broker: mqtt://192.168.1.10
  username: ocellus
\`\`\`

This page is made from the schema (\`npm run docs\`); \`<name>\` stands for a name you choose: small letters, digits, \`_\`, \`-\`.

${table(['field', 'takes', 'default', 'what it is'], rows)}
`;
}

function walk(schema: TSchema, path: string, rows: string[][]): void {
  const inner: [string, TSchema][] = schema.properties
    ? Object.entries(schema.properties as Record<string, TSchema>)
    : Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>).map((value) => ['<name>', value]);
  const groups = inner.some(([, value]) => value.properties || value.patternProperties);
  for (const [name, value] of inner) {
    const here = path ? `${path}.${name}` : name;
    const hasFields = value.properties !== undefined || (value.patternProperties !== undefined && holdsFields(value));
    if (hasFields) walk(value, here, rows);
    else rows.push(row(here, value));
  }
  if (!groups && inner.length === 0) rows.push(row(path, schema));
}

const holdsFields = (schema: TSchema) =>
  Object.values(schema.patternProperties as Record<string, TSchema>).some((value) => value.properties);

function row(path: string, schema: TSchema): string[] {
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  return [`\`${path}\``, expected(schema), fallback, schema.description ?? ''];
}
