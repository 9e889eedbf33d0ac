// `npm run kernels`: builds the native kernels for this machine.
import { buildKernels } from './native.mjs';
import { checkNode, fail, installPackages, say } from './steps.mjs';

checkNode();
installPackages();
if (!buildKernels()) fail('Ocellus works without them, with kernels in TypeScript.');
say('The native kernels are built; `npx ocellus doctor` says which of them this processor uses.');
