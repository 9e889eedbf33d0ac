import { join } from 'node:path';
import { build, checkNode, installPackages, root, say } from './steps.mjs';

checkNode();
installPackages();
build();
// Of the checkout's own packages only: in somebody's project `ocellus doctor --prune` does it when it is asked to.
const { removeForeignLibraries } = await import('../../dist/tools/cli/foreign-libraries.js');
try {
  removeForeignLibraries(join(root, 'node_modules', 'onnxruntime-node'));
} catch (error) {
  // Somebody else's files: all works with them, too.
  say(`Libraries for other systems stay: ${error.message}`);
}
