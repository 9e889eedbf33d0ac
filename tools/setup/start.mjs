import { build, checkNode, installPackages } from './steps.mjs';

checkNode();
installPackages();
build();
// In this process, so that a signal reaches it and no second Node stays in memory.
process.argv.splice(1, 1, 'ocellus', 'run');
await import('../../bin/ocellus.js');
