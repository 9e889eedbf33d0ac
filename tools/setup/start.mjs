// `npm start`: the set-up of the checkout; the product is run next. The kernels are compiled where this machine can: the
// default network runs several times as fast in them. Without them it runs all the same.
import './build.mjs';
import { buildKernels } from './native.mjs';
import { say } from './steps.mjs';

if (!buildKernels()) say('Ocellus runs without them: the networks in onnxruntime, the rest in TypeScript.');
