/** Builds into `build/` when a source changed since the last time; says why it does not. @returns Whether the kernels are there. */
export function buildKernels(options?: { strict?: boolean }): boolean;
/** The package of arm64, by its cross compiler. @returns Whether it is there. */
export function packKernelsOfArm64(options?: { strict?: boolean }): boolean;
