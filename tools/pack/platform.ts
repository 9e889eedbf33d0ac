import { InputError } from '../../sdk/base/errors.ts';

/** The processors that Ocellus is packed for, by Debian's names. */
export const architectures = ['arm64', 'amd64'] as const;
export type Architecture = (typeof architectures)[number];

/** Node's and npm's name of it. */
export const nodeArch = (arch: Architecture): 'arm64' | 'x64' => (arch === 'amd64' ? 'x64' : arch);

/** @throws InputError when it is none that Ocellus is packed for. */
export function parseArchitecture(text: string): Architecture {
  const found = architectures.find((one) => one === text || nodeArch(one) === text);
  if (!found) throw new InputError(`architecture: expected ${architectures.join(' or ')}, got ${text}`);
  return found;
}
