import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageVersion } from '../../../sdk/base/assets.ts';
import { packOci } from '../../../tools/pack/oci.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const isPossible =
  process.env.OCELLUS_TEST_LONG === '1' &&
  process.getuid?.() === 0 &&
  ['podman', 'runc', 'mmdebstrap'].every(hasProgram);

it.skipIf(!isPossible)(
  'a container of the image runs as its own user, answers, keeps its data and stops when asked (needs test:long, root, podman, runc, mmdebstrap)',
  async () => {
    const file = await packOci({ arch: 'amd64', to: temporaryFolder() });
    const store = temporaryFolder();
    // Also where the machine is a container itself, or its kernel has both kinds of control groups.
    const place = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];
    const by = [...place, '--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
    const podman = (...args: string[]) => execFileSync('podman', [...by, ...args], { encoding: 'utf8' }).trim();
    const name = `ocellus-test-${process.pid}`;
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
      await expect.poll(() => inside('node', '-e', health), { timeout: 300_000, interval: 1000 }).toBe('200');
      const events =
        "fetch('http://127.0.0.1:8420/api/events').then((r) => r.json()).then((p) => console.log(p.events.length))";
      await expect
        .poll(() => Number(inside('node', '-e', events)), { timeout: 300_000, interval: 1000 })
        .toBeGreaterThan(0);
      expect(inside('id', '-u')).toBe('10001');
      expect(inside('ocellus', 'doctor')).toMatch(/kernels +native (avx|scalar)/);
      expect(inside('sh', '-c', 'ls /data')).toContain('ocellus');
      podman('stop', '--time', '60', name);
      expect(podman('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
    } finally {
      podman('rm', '--force', '--ignore', name);
      podman('volume', 'rm', '--force', 'data');
      podman('rmi', '--force', '--all');
    }
  },
);
