import { type Architecture, nodeArch } from './platform.ts';

/** Folders of packages that hold what their developers need. */
const developersFolders = /(^|\/)(\.bin|tests?|__tests__|benchmarks?|examples?|\.github|coverage)\//;
const developersFiles =
  /(^|\/)(\.[^/]+|CHANGELOG|HISTORY|README|CONTRIBUTING|SECURITY|UPGRADING|eslint[^/]*|tsconfig[^/]*|Makefile|binding\.gyp)(\.(md|markdown|json|js|mjs|txt|yml))?$/i;
const sources = /\.(map|flow|markdown|cc?|cpp|h|gyp|gypi)$|\.tsbuildinfo$/;
const typescript = /\.([cm]?ts|tsx)$/;
const declarations = /\.d\.[cm]?ts$/;

/** In packages that Ocellus uses: what is there for browsers, or a second time for another kind of modules. */
const notForUs = [
  // Ocellus imports it; nothing requires it.
  /^@sinclair\/typebox\/build\/cjs\//,
  // Ways to check and to write types that nothing imports.
  /^@sinclair\/typebox\/build\/esm\/(compiler|parser|syntax)\//,
  // What browsers load.
  /^mqtt\/dist\//,
  /^yaml\/browser\//,
  /^[^/]+(\/node_modules\/[^/]+)?\/umd\//,
  /^@babel\/runtime\/helpers\/esm\//,
  // Decorators, which no package here has.
  /^@babel\/runtime\/helpers\/applyDecs/,
  // Its commands, and what these alone load; npm fetches a package that is not there at all.
  /^mqtt\/(help|build\/bin)\//,
  /^(commist|concat-stream|help-me|minimist|tslib|typedarray)\/(.*\/)?(?!package\.json$|licen[cs]e)[^/]+$/i,
  /^(worker-[a-z-]+|broker-factory|fast-unique-numbers)\/build\/es2019\/.*\.js$/,
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
  const system = nativeSystem(path);
  const isForeign = system !== undefined && system !== `linux-${nodeArch(arch)}`;
  return isForeign || isSuperfluous(path) || declarations.test(path);
}

/**
 * Can it be used neither by Ocellus, nor by a program in TypeScript that is compiled with it, on Linux with either
 * processor?
 */
export function isUnusedInLibrary(path: string): boolean {
  const system = nativeSystem(path);
  const isForeign = system !== undefined && !librarySystems.includes(system);
  return isForeign || isSuperfluous(path) || (declarations.test(path) && !declared.test(path));
}

/** What the declarations of Ocellus import, and so on; @types/node is each program's own. */
const declared =
  /^(@sinclair\/typebox|mqtt|mqtt-packet|@types\/(readable-stream|ws)|classic-level|abstract-level|level-supports|level-transcoder|buffer|broker-factory|worker-[a-z-]+)\//;
const librarySystems = ['linux-x64', 'linux-arm64'];

function isSuperfluous(path: string): boolean {
  return isForDevelopers(path) || path.includes('.musl.') || notForUs.some((pattern) => pattern.test(path));
}

/** Licences stay wherever they are. */
function isForDevelopers(path: string): boolean {
  if (/(^|\/)(licen[cs]e|copying|notice|third-party)[^/]*$/i.test(path)) return false;
  if (typescript.test(path) && !declarations.test(path)) return true;
  return developersFolders.test(path) || developersFiles.test(path) || sources.test(path);
}

/** Of a native library: the system that it is for, such as `linux-arm64`. */
function nativeSystem(path: string): string | undefined {
  const [, prebuilt, platform, arch] = /\/(?:prebuilds\/([^/]+)|bin\/napi-v\d+\/([^/]+)\/([^/]+))\//.exec(path) ?? [];
  return prebuilt ?? (platform && `${platform}-${arch}`);
}
