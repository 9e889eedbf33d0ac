import { Child } from '../../../devices/programs/child.ts';

// What child.test.ts kills while it waits for a program.
const [program, ...args] = process.argv.slice(2);
await Child.start({ program: program!, args, install: '' });
