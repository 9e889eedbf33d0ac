/**
 * What `rpicam-vid` does: bare frames, rows padded to a multiple of bytes. Pixels of a row hold the row's number, each
 * plane's first pixel the frame's number; padding is 255. With `--frames 1` it writes one and ends. `plan` says what each
 * of the other runs does, the last for all that follow.
 */
export const camera = (multiple: number, plan: string[], extra = 0) => `
const value = (name) => Number(process.argv[process.argv.indexOf(name) + 1]);
const width = value('--width'), height = value('--height');
const stride = Math.ceil(width / ${multiple}) * ${multiple};
function picture(number) {
  const planes = [[width, height, stride], [width / 2, height / 2, stride / 2], [width / 2, height / 2, stride / 2]];
  return Buffer.concat([...planes.map(([columns, rows, bytes]) => {
    const plane = Buffer.alloc(bytes * rows, 255);
    for (let row = 0; row < rows; row++) plane.fill(row, row * bytes, row * bytes + columns);
    plane[0] = number;
    return plane;
  }), Buffer.alloc(${extra})]);
}
const plan = ${JSON.stringify(plan)};
const before = fs.readFileSync(log, 'utf8').trim().split('\\n').filter((line) => !line.includes('--frames')).length;
const todo = plan[Math.min(Math.max(before, 1), plan.length) - 1];
if (todo === 'fail') { console.error('ERROR: *** no cameras available ***'); process.exit(255); }
if (process.argv.includes('--frames')) { process.stdout.write(picture(0)); return; }
process.stderr.write('fake camera: ' + todo + '\\n');
process.on('SIGTERM', () => { if (todo !== 'stall') process.exit(0); });
let number = 0;
const timer = setInterval(() => {
  process.stdout.write(picture(number++));
  if (todo === 'end' && number === 3) process.exit(0);
  if (todo === 'cut' && number === 3) { process.stdout.write(picture(3).subarray(0, 100)); process.exit(0); }
  if (todo === 'stall' && number === 2) { clearInterval(timer); setInterval(() => {}, 1000); }
}, 20);
`;
