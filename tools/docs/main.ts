// `npm run docs`: writes the pages and schemas that are made from the code.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { asset } from '../../sdk/base/assets.ts';
import { commandsPage } from './commands.ts';
import { mqttPage } from './mqtt.ts';
import { schemaFiles } from './schemas.ts';
import { settingsPage } from './settings.ts';

writeFileSync(asset('docs', 'settings.md'), settingsPage());

writeFileSync(asset('docs', 'commands.md'), await commandsPage());

const page = asset('docs', 'mqtt.md');
writeFileSync(page, mqttPage(readFileSync(page, 'utf8')));

const schemas = schemaFiles();
mkdirSync(asset('schemas'), { recursive: true });
for (const name of readdirSync(asset('schemas'))) if (!schemas.has(name)) rmSync(asset('schemas', name));
for (const [name, text] of schemas) writeFileSync(asset('schemas', name), text);
