/** Left out of Debian's packages: what no board shows or runs. ffmpeg's libraries ask for a desktop's drivers, and start without them. */
const excluded = [
  ...['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*', '/usr/share/lintian/*'],
  ...['/usr/share/icons/*', '/usr/share/bug/*'],
  ...['/usr/lib/*/libLLVM*', '/usr/lib/*/libgallium*', '/usr/lib/*/dri/*'],
];
const kept = ['/usr/share/doc/*/copyright'];

/** What mmdebstrap is told so that a root of Debian is small: licences stay. */
export const smallRoot: readonly string[] = [
  '--aptopt=APT::Install-Recommends "false"',
  ...excluded.map((path) => `--dpkgopt=path-exclude=${path}`),
  ...kept.map((path) => `--dpkgopt=path-include=${path}`),
];

/** Programs that Ocellus runs in, and that read its cameras. */
export const runtimePackages: readonly string[] = ['nodejs', 'ffmpeg', 'v4l-utils', 'ca-certificates'];
