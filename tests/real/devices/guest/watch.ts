// Runs in the camera lab's guest, which has a real Video4Linux camera: opens it, looks at it, unplugs it, plugs it in
// again, tries ffmpeg's hardware decoders on nodes that decode nothing, and prints what it saw as one line of JSON.
import { execFileSync } from 'node:child_process';
import { findCameras, openDevice, tryDecoders } from '../../../../devices/index.ts';

const cameras = await findCameras();
const noCamera = await openDevice('v4l2:/dev/video9').catch((error: Error) => error.message);

// The first camera, in a size that is not its own default.
const device = await openDevice('v4l2:', { width: 320, height: 180, fps: 10, stallTimeoutMs: 20_000 });
const states: string[] = [];
device.on('health', ({ state }) => states.push(state));

const bars: number[] = [];
const sums: number[] = [];
let frames = 0;
let unplugged = false;
const vividOptions = ['n_devs=1', 'node_types=0x1', 'num_inputs=1', 'input_types=0x0'];

function replug(): void {
  // The node goes away when nobody has it open any more.
  execFileSync('modprobe', ['-r', 'vivid']);
  execFileSync('modprobe', ['vivid', ...vividOptions]);
}
device.on('health', ({ state }) => {
  if (state === 'offline' && unplugged) replug();
});

for await (const frame of device.frames()) {
  const { data, stride } = frame.planes[0]!;
  frames++;
  if (frames === 1) for (let bar = 0; bar < 8; bar++) bars.push(data[170 * stride + bar * 40 + 20]!);
  // The text that the driver writes into the picture changes with each frame.
  sums.push(data.reduce((sum, luma) => sum + luma, 0));
  frame.release();
  if (frames === 6) {
    unplugged = true;
    execFileSync('v4l2-ctl', ['--device', '/dev/video0', '--set-ctrl', 'disconnect=1']);
  }
  if (device.health.restarts > 0 && frames >= 12) break;
}
const { properties } = device;
await device.close();
const decoders = await tryDecoders();
console.log(
  JSON.stringify({
    cameras,
    noCamera,
    properties,
    bars,
    different: new Set(sums).size,
    frames,
    states,
    health: device.health,
    decoders,
  }),
);
