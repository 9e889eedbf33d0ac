// `npm pack` in the checkout would make an archive without the native kernels, whose installation takes twice the space.
import { fail } from './steps.mjs';

fail(
  'Run `npm run pack:npm`: it writes build/packages/ocellus-VERSION.tgz, which `npm install` takes (docs/install.md).',
);
