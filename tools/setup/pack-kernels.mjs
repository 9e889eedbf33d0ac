// `npm run kernels:pack`: the native kernels as packages for npm, one a platform, in build/packages.
import { packKernels } from './native.mjs';
import { checkNode, fail, installPackages } from './steps.mjs';

checkNode();
installPackages();
if (!packKernels()) fail('Not all was packed: see above.');
