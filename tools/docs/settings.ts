import type { TSchema } from '@sinclair/typebox';
import { Settings } from '../../sdk/config/schema.ts';
import { expected, holdsSecret } from '../../sdk/config/validate.ts';
import { table } from './table.ts';

/** `docs/settings.md`, made from the one schema: each field with what it takes, its default and what it is for. */
export function settingsPage(): string {
  const rows: string[][] = [];
  walk(Settings, '', rows);
  return `# Settings

\`ocellus run\` reads \`ocellus.yaml\` in the folder it is started in, or the file that \`--config\` names. Every field may be
left out. Changes on the page (of cameras, the board’s name, [what is kept of past events](console.md#cameras-and-the-board) and the password) or over MQTT are written back to the file; comments stay. It may be [edited while it runs](console.md#two-who-change-the-same). An invalid field stops the start with its path, what was expected and what came.

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

## Secrets

Passwords need not be in the file. In the fields marked *secret*, \`\${NAME}\` is the systemd credential of that name
(\`LoadCredential=\`), else the environment variable, and \`\${/path}\` is the content of that file, without its last line break:

\`\`\`yaml
cameras:
  door:
    source: rtsp://user:\${DOOR_PASSWORD}@192.168.1.20/stream1 # in a URL it may have any characters
mqtt:
  password: \${/run/secrets/mqtt}
\`\`\`

They are resolved at start, and only in the settings file and on the command line, never in changes from the page or over MQTT. A
name that is not set stops the start. Inside \`{ }\` and \`[ ]\` YAML needs quotes around the text. The content of these fields is not shown in messages, logs, statistics, on the page or on MQTT.

## Fields

This page is made from the schema (\`npm run docs\`); \`<name>\` stands for a name you choose: lower-case letters, digits, \`_\`, \`-\`.

${table(['field', 'values', 'default', 'meaning'], rows)}
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
  const takes = `${expected(schema)}${holdsSecret(schema) ? ', secret' : ''}`;
  return [`\`${path}\``, takes, fallback, schema.description ?? ''];
}
