import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Component {
  readonly type: 'application' | 'library' | 'operating-system';
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly { license: { name: string } }[];
}

/**
 * What an image is made of, as CycloneDX 1.5: each package of Debian and of npm with its version.
 *
 * @param root The folder of its root.
 * @param app Where Ocellus is in it, such as `usr/lib/ocellus`.
 * @returns JSON that follows from the root alone.
 */
export function billOfMaterials(root: string, app: string, { version }: { version: string }): string {
  const components = [...debianPackages(root), ...npmPackages(join(root, app))].sort((a, b) =>
    (a.purl ?? a.name) < (b.purl ?? b.name) ? -1 : 1,
  );
  // A number of its own, but the same one for the same packages.
  const digest = createHash('sha256')
    .update(JSON.stringify([version, components]))
    .digest('hex');
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  const described: Component = { type: 'operating-system', name: 'ocellus-card', version };
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuid}`,
    version: 1,
    metadata: { component: described },
    components,
  };
  return `${JSON.stringify(bill, undefined, 1)}\n`;
}

function debianPackages(root: string): Component[] {
  const paragraphs = readFileSync(join(root, 'var', 'lib', 'dpkg', 'status'), 'utf8').split('\n\n');
  return paragraphs.flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
    const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
    if (!name || !version || !field('Status')?.endsWith(' installed')) return [];
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=trixie`;
    return [{ type: 'library' as const, name, version, purl }];
  });
}

function npmPackages(app: string): Component[] {
  const found = new Map<string, Component>();
  const visit = (folder: string) => {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version, license } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      if (typeof name === 'string' && typeof version === 'string') {
        const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
        const licenses = typeof license === 'string' ? { licenses: [{ license: { name: license } }] } : {};
        found.set(purl, { type: 'library', name, version, purl, ...licenses });
      }
    }
    const below = join(folder, 'node_modules');
    if (!existsSync(below)) return;
    for (const name of readdirSync(below)) {
      if (name.startsWith('.')) continue;
      if (name.startsWith('@')) for (const scoped of readdirSync(join(below, name))) visit(join(below, name, scoped));
      else visit(join(below, name));
    }
  };
  visit(app);
  return [...found.values()];
}
