import type { Command } from 'commander';
import { expectation } from '../../../devices/device/control-plan.ts';
import { type CameraDetails, cameraDetails, describeBoard, findCameras } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { chooseProfile } from '../../../sdk/config/profile.ts';
import { oneLine, printJson, table } from '../../shared/output.ts';

export function addCameras(program: Command): void {
  program
    .command('cameras')
    .description('list the cameras of this machine: formats, sizes, rates and controls')
    .argument('[source]', 'one of them, e.g. v4l2:/dev/video0')
    .option('--json', 'one JSON line per camera')
    .action(async (source: string | undefined, { json }: { json?: boolean }) => {
      const found = await findCameras();
      const cameras = found.filter(({ uri }) => source === undefined || uri === source);
      if (source !== undefined && cameras.length === 0) {
        const names = found.map(({ uri }) => uri).join(', ') || 'none';
        throw new InputError(`there is no camera ${source}; found: ${names}`);
      }
      const { fps } = chooseProfile('auto', describeBoard());
      const details = await Promise.all(cameras.map((camera) => cameraDetails(camera, { fps })));
      if (json) for (const one of details) await printJson(one);
      else console.log(details.map(cameraInWords).join('\n\n') || 'no camera was found; plug one in');
    });
}

/** A camera in words, with what to write into the settings. */
export function cameraInWords({ uri, title, formats, controls, mode, note }: CameraDetails): string {
  const lines = [`${uri}  ${title}`];
  if (note !== undefined) lines.push(`  ${note}`);
  if (mode) {
    const rate = mode.fps === undefined ? '' : ` at ${mode.fps} a second`;
    lines.push(`  uses ${mode.fourcc} ${mode.width}x${mode.height}${rate}; width, height and detect.fps select others`);
  }
  const parts = [
    formats.map(({ fourcc, sizes }) => [fourcc, sizes.map(sizeInWords).join(', ')]),
    controls.map((control) => {
      const { name, value, readOnly, inactive } = control;
      const remarks = [
        `default ${control.default}`,
        readOnly && 'read only',
        inactive && 'inactive: automatic mode is on',
      ];
      return [name, String(value), `${expectation(control)}; ${remarks.filter(Boolean).join('; ')}`];
    }),
  ];
  const [formatTable, controlTable] = parts.map((rows) => (rows.length > 0 ? table(rows).split('\n') : []));
  if (formatTable!.length > 0) lines.push('  formats, with maximum frames per second', ...indented(formatTable!));
  if (controlTable!.length > 0) lines.push('  controls', ...indented(controlTable!));
  // Names come from the camera.
  return lines.map(oneLine).join('\n');
}

const indented = (lines: readonly string[]) => lines.map((line) => `    ${line}`);

function sizeInWords({ width, height, rates }: CameraDetails['formats'][number]['sizes'][number]): string {
  const least = `${width.min}x${height.min}`;
  const most = `${width.max}x${height.max}`;
  const fps = rates.length === 0 ? '' : ` (${Math.max(...rates.map(({ max }) => max))})`;
  return `${least === most ? most : `${least} to ${most}`}${fps}`;
}
