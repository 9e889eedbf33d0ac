// Part of `npm run docs`: makes the API reference, docs/api/index.html, from the docstrings of what the package's
// entry points export.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, installPackagesIn, root, run } from '../../setup/steps.mjs';

const here = dirname(fileURLToPath(import.meta.url));
// One of another version must not be packed.
rmSync(join(root, 'docs', 'api'), { recursive: true, force: true });
if (!installPackagesIn(here)) {
  fail('The API reference is not made, for TypeDoc could not be installed: see above.');
}
const typedoc = join(here, 'node_modules', 'typedoc', 'bin', 'typedoc');
if (!run(process.execPath, [typedoc, '--logLevel', 'Warn'], { cwd: here }))
  fail('The API reference could not be made: see above.');
