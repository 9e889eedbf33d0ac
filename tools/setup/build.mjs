import { build, checkNode, installPackages } from './steps.mjs';

checkNode();
installPackages();
build();
