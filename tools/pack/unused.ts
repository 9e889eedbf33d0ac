import { type Architecture, nodeArch } from './platform.ts';

/** Folders of packages that hold what their developers need. */
const developersFolders = /(^|\/)(\.bin|tests?|__tests__|benchmarks?|examples?|\.github|coverage)\//;
const developersFiles =
  /(^|\/)(\.[^/]+|CHANGELOG|HISTORY|README|CONTRIBUTING|SECURITY|UPGRADING|eslint[^/]*|tsconfig[^/]*|Makefile|binding\.gyp)(\.(md|markdown|json|js|mjs|txt|yml))?$/i;
const sources = /\.(map|tsx?|[cm]ts|flow|markdown|cc?|cpp|h|gyp|gypi)$|\.tsbuildinfo$/;

/** In packages that Ocellus uses: what is there for browsers, or a second time for another kind of modules. */
const notForUs = [
  // Ocellus imports it; nothing requires it.
  /^@sinclair\/typebox\/build\/cjs\//,
  // What browsers load.
  /^mqtt\/dist\//,
  /^yaml\/browser\//,
  /^[^/]+(\/node_modules\/[^/]+)?\/umd\//,
  // Sources that are compiled where no built library fits; one does here.
  /^classic-level\/deps\//,
  /^(abstract-level|pino|aedes|socks|thread-stream|protocol-buffers-schema)\/docs?\//,
  // What installs it: its libraries are there.
  /^onnxruntime-node\/(script|lib)\//,
];

/**
 * Can a file of an installed package not be used when Ocellus runs on Linux with this processor?
 *
 * @param path From `node_modules` on.
 */
export function isUnused(path: string, arch: Architecture): boolean {
  return isForDevelopers(path) || isForOthers(path, arch) || isNotForUs(path);
}

/** Licences stay wherever they are. */
function isForDevelopers(path: string): boolean {
  if (/(^|\/)(licen[cs]e|copying|notice|third-party)[^/]*$/i.test(path)) return false;
  return developersFolders.test(path) || developersFiles.test(path) || sources.test(path);
}

/** Libraries for other systems and processors, or for musl. */
function isForOthers(path: string, arch: Architecture): boolean {
  const native = /\/(?:prebuilds|bin\/napi-v\d+)\/([^/]+\/[^/]+)/.exec(path);
  if (!native) return false;
  const own = new RegExp(`^linux[-/]${nodeArch(arch)}(/|$)`);
  return !own.test(native[1]!) || path.includes('.musl.');
}

const isNotForUs = (path: string) => notForUs.some((pattern) => pattern.test(path));
