import { chooseVariant, loadAddon, type NativeKernels } from '../../sdk/kernels/native.ts';

const { addon } = loadAddon();

/** The variants this processor offers, or none where the addon is not built. */
export const variants: readonly { name: string; functions: NativeKernels }[] = (addon?.variants ?? []).map((name) => ({
  name: chooseVariant(addon, name)!,
  functions: addon!.kernels(name),
}));

/** For the name of what is skipped then. */
export const needsAddon = variants.length > 0 ? '' : ' (needs npm run kernels)';

/** Numbers that are the same to the last bit; NaN is NaN, whatever its bits. */
export function sameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));
}
