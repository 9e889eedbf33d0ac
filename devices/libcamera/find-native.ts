import type { LibcameraAddon } from './addon.ts';

export interface FoundNative {
  readonly id: string;
  readonly model: string;
}

/** Cameras on USB have a path like this as their name. Video4Linux reads them too. */
export const isOnUsb = (id: string): boolean => /usb/i.test(id);

/**
 * libcamera's cameras in the order in which `rpicam-hello --list-cameras` counts them, so that a number is the same camera
 * whatever reads it; behind them those on USB, which that leaves out.
 */
export async function findNative(addon: LibcameraAddon): Promise<FoundNative[]> {
  const cameras = await addon.find();
  const backwards = cameras.toSorted((a, b) => (a.id > b.id ? -1 : 1));
  return [...backwards.filter(({ id }) => !isOnUsb(id)), ...backwards.filter(({ id }) => isOnUsb(id))];
}
