import { assertStep } from './check-step.ts';
import { expect } from './expectation.ts';
import { bytesOf, limits, type Program, type ProgramTensor, type ProgramView, spareBytes } from './program.ts';

/**
 * Can this program be run as it stands: does all that it reads and writes lie where it may, and do no sums overflow?
 *
 * @throws InputError that names the step, view or tensor, what was expected of it, and what it is.
 */
export function assertProgram(program: Program): void {
  const { views, tensors, steps, arenaBytes } = program;
  expect(arenaBytes % 64 === 0 && arenaBytes >= 2 * spareBytes && arenaBytes <= limits.arenaBytes, () => [
    `an arena of a multiple of 64 bytes, ${2 * spareBytes} to ${limits.arenaBytes}`,
    String(arenaBytes),
  ]);
  for (const [what, list] of Object.entries({ views, tensors, steps })) {
    expect(list.length > 0 && list.length <= limits.items, () => [`1 to ${limits.items} ${what}`, String(list.length)]);
  }
  views.forEach((view, i) => {
    assertView(view, arenaBytes, `view ${i}`);
  });
  for (const tensor of tensors) assertTensor(tensor, arenaBytes);
  steps.forEach((step, i) => {
    assertStep(program, step, `step ${i} (${step.name})`);
  });
}

function assertView(view: ProgramView, arenaBytes: number, what: string): void {
  const { offset, h, w, channels, pixelBytes, rowBytes, halo, element, zeroPoints } = view;
  const mostSide = element === 'uint8' ? limits.side : limits.floatSide;
  const isSide = (side: number) => side >= 1 && side <= mostSide;
  const most = element === 'uint8' ? limits.channels : limits.floatChannels;
  expect(isSide(h) && isSide(w) && channels >= 1 && channels <= most && halo <= limits.kernel, () => [
    `${what}: sides of 1 to ${mostSide}, 1 to ${most} channels, a halo of at most ${limits.kernel}`,
    `${h} x ${w} x ${channels}, halo ${halo}`,
  ]);
  const bytes = channels * bytesOf(element);
  // The pixels after a row may be those before the next one.
  const row = (w + halo) * pixelBytes;
  expect(pixelBytes >= bytes && rowBytes >= row && rowBytes <= limits.arenaBytes, () => [
    `${what}: pixels of at least ${bytes} bytes and rows of ${row} to ${limits.arenaBytes}`,
    `${pixelBytes} a pixel, ${rowBytes} a row`,
  ]);
  expect(element === 'uint8' || (halo === 0 && (offset | pixelBytes | rowBytes) % 4 === 0), () => [
    `${what}: float32 without a halo, at multiples of 4`,
    `halo ${halo}, ${offset}, ${pixelBytes}, ${rowBytes}`,
  ]);
  expect(halo === 0 || zeroPoints?.length === channels, () => [`${what}: a zero point a channel for its halo`, 'none']);
  const first = offset - halo * (rowBytes + pixelBytes);
  const end = offset + (h - 1 + halo) * rowBytes + (w - 1 + halo) * pixelBytes + bytes;
  expect(first >= spareBytes && end <= arenaBytes - spareBytes, () => [
    `${what}: bytes within ${spareBytes} to ${arenaBytes - spareBytes} of the arena`,
    `${first} to ${end}`,
  ]);
}

function assertTensor({ name, direction, element, shape, offset }: ProgramTensor, arenaBytes: number): void {
  const what = `tensor ${name}`;
  const bytes = shape.reduce((product, side) => product * side, bytesOf(element));
  const isRanked = shape.length >= 1 && shape.length <= limits.rank;
  expect(isRanked && shape.every((side) => side >= 1) && bytes <= limits.arenaBytes, () => [
    `${what}: 1 to ${limits.rank} sides of at least 1 and ${limits.arenaBytes} bytes`,
    `[${shape.join(', ')}]`,
  ]);
  if (direction === 'input') {
    expect(element === 'uint8' && offset === undefined, () => [
      `${what}: an input of uint8 outside the arena`,
      element,
    ]);
    return;
  }
  const isWithin = offset !== undefined && offset >= spareBytes && offset + bytes <= arenaBytes - spareBytes;
  expect(isWithin && offset % 4 === 0, () => [
    `${what}: ${bytes} bytes within the arena, at a multiple of 4`,
    `them at ${offset}`,
  ]);
}
