// Stands in for the core's thread and fails in the way that the request's type says.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ type }) => {
  if (type === 'load') setImmediate(() => undefined.nothing);
  else if (type === 'fit') process.exit(3);
  else if (type === 'detect') parentPort.postMessage({ type: 'ready' });
  // Asked to close, it does not.
});
