import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageVersion } from '../../../sdk/base/assets.ts';
import { packOci } from '../../../tools/pack/oci.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const needed = ['podman', 'runc', 'mmdebstrap', 'qemu-aarch64-static'];
const isPossible =
  process.env.OCELLUS_TEST_LONG === '1' &&
  process.getuid?.() === 0 &&
  process.arch === 'x64' &&
  needed.every(hasProgram);
/** Where an image is that was packed before, by architecture: Debian's part of one for arm64 is made under emulation. */
const packedBefore = process.env.OCELLUS_TEST_OCI;
/** Of a container that may be emulated. */
const patience = { timeout: 1_800_000, interval: 2000 };

it.skipIf(!isPossible).each(['amd64', 'arm64'] as const)(
  `a container of the image for %s runs as its own user, answers, keeps its data and stops when asked (needs test:long, root, x64, ${needed.join(', ')})`,
  { timeout: 5_400_000 },
  async (arch) => {
    const file = packedBefore
      ? join(packedBefore, `ocellus-${packageVersion()}-${arch}.oci.tar`)
      : await packOci({ arch, to: temporaryFolder() });
    const store = temporaryFolder();
    // Also where the machine is a container itself, or its kernel has both kinds of control groups.
    const place = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];
    const by = [...place, '--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
    const podman = (...args: string[]) => execFileSync('podman', [...by, ...args], { encoding: 'utf8' }).trim();
    const name = `ocellus-test-${arch}-${process.pid}`;
    try {
      podman('load', '--quiet', '--input', file);
      const image = `localhost/ocellus:${packageVersion()}`;
      const limits = [
        '--network',
        'none',
        '--read-only',
        '--cap-drop',
        'all',
        '--ulimit',
        'nofile=1024:4096',
        '--ulimit',
        'nproc=1024:1024',
      ];
      podman(
        'run',
        '--detach',
        '--name',
        name,
        ...limits,
        '--volume',
        'data:/data',
        image,
        'run',
        '--source',
        'scene:',
      );
      const inside = (...command: string[]) => podman('exec', name, ...command);
      const health = "fetch('http://127.0.0.1:8420/healthz').then((r) => console.log(r.status), () => console.log(0))";
      await expect.poll(() => inside('node', '-e', health), patience).toBe('200');
      const events =
        "fetch('http://127.0.0.1:8420/api/events').then((r) => r.json()).then((p) => console.log(p.events.length))";
      await expect.poll(() => Number(inside('node', '-e', events)), patience).toBeGreaterThan(0);
      expect(inside('id', '-u')).toBe('10001');
      expect(inside('ocellus', 'doctor')).toMatch(/kernels +native (avx|scalar|neon)/);
      expect(inside('sh', '-c', 'ls /data')).toContain('ocellus');
      podman('stop', '--time', '600', name);
      expect(podman('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
    } finally {
      podman('rm', '--force', '--ignore', name);
      podman('volume', 'rm', '--force', 'data');
      podman('rmi', '--force', '--all');
    }
  },
);
