/** The kernel's words for instruction sets that make integer networks fast, and the names people know them by. */
const names: readonly (readonly [flag: string, name: string])[] = [
  ['neon', 'neon'],
  ['asimd', 'neon'],
  ['asimdhp', 'fp16'],
  ['asimddp', 'dotprod'],
  ['i8mm', 'i8mm'],
  ['sve', 'sve'],
  ['sve2', 'sve2'],
  ['sse4_1', 'sse4.1'],
  ['avx', 'avx'],
  ['fma', 'fma'],
  ['avx2', 'avx2'],
  ['avx512f', 'avx512f'],
  ['avx512bw', 'avx512bw'],
  ['avx_vnni', 'avx_vnni'],
  ['avx512_vnni', 'avx512_vnni'],
  ['amx_int8', 'amx_int8'],
];

/** @param flags `flags` (x86) or `Features` (ARM) of `/proc/cpuinfo`. */
export function instructionSets(flags: ReadonlySet<string>): string[] {
  return [...new Set(names.filter(([flag]) => flags.has(flag)).map(([, name]) => name))];
}
