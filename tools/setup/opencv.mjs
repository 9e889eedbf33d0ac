#!/usr/bin/env node
// `npm run opencv` in a checkout, `npx ocellus-opencv` in a project: makes `ocellus/opencv` ready on this machine.
import { buildOpenCv } from './bindings.mjs';
import { checkNode, fail } from './steps.mjs';

checkNode();
if (!buildOpenCv()) fail('Ocellus works without it; `ocellus/opencv` and the source opencv: do not.');
