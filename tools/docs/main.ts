// `npm run docs`: writes the pages that are made from the code.
import { writeFileSync } from 'node:fs';
import { asset } from '../../sdk/assets.ts';
import { settingsPage } from './settings.ts';

writeFileSync(asset('docs', 'settings.md'), settingsPage());
