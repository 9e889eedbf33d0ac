// Puts the native kernels of a platform, and the C library, into a folder: node tools/setup/stage-kernels.mjs arm64 FOLDER
import { stageKernels } from './native.mjs';
import { checkNode, fail } from './steps.mjs';

checkNode();
const [arch, folder] = process.argv.slice(2);
if (!stageKernels(arch, folder)) fail('The native kernels are not there: see above.');
