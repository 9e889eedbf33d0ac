// Builds @u4/opencv4nodejs, an optional package, against the OpenCV of this system. In a checkout it lives in
// `build/opencv`, where `npm ci` does not wipe it; in a project that installed it, where it was installed.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { cachePath } from './cache.mjs';
import { digest, hasProgram, root, run, say } from './steps.mjs';

const name = '@u4/opencv4nodejs';
const version = '7.1.2';
/** These are calls from JavaScript into OpenCV, which does the work: -O3 takes the compiler longer and gives nothing. */
const flags = '-O1';
const own = join(root, 'build', 'opencv');
const recipe = join(root, 'tools', 'setup', 'opencv');
/** Memory that the compiler needs for the largest file. */
const bytesPerJob = 1.2e9;

/** Builds what is not built yet, and tries it; says what is missing. True when it works. */
export function buildOpenCv() {
  const settings = findOpenCv();
  if (!settings) return false;
  const folder = installed() ?? install();
  if (!folder) return false;
  const stamp = join(folder, '.ocellus-stamp');
  const system = `${process.platform} ${process.arch} ${process.versions.modules}`;
  const wanted = digest([system, flags, JSON.stringify(settings)]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return tryOut(folder);
  const kept = cachePath('opencv', [readFileSync(join(folder, 'package.json')), wanted]);
  if (!reuse(kept, folder)) {
    if (!compile(folder, settings) || !tryOut(folder)) return false;
    keep(kept, folder);
  }
  writeFileSync(stamp, wanted);
  return true;
}

const built = (folder) => join(folder, 'build', 'Release', 'opencv4nodejs.node');

/** Takes what another checkout, or this one before `npm ci`, has built. False where there is none or it does not work. */
function reuse(kept, folder) {
  if (!existsSync(kept)) return false;
  mkdirSync(dirname(built(folder)), { recursive: true });
  copyFileSync(kept, built(folder));
  return tryOut(folder);
}

/** Copied beside its place and moved there whole: nobody sees a half of it. It works without, so a full disk is no fault. */
function keep(kept, folder) {
  const work = `${kept}.${process.pid}`;
  try {
    mkdirSync(dirname(kept), { recursive: true });
    copyFileSync(built(folder), work);
    renameSync(work, kept);
  } catch (error) {
    rmSync(work, { force: true });
    say(`It is not kept for other checkouts: ${error.message}`);
  }
}

/** Where this system's OpenCV is, or undefined, said with what to install. */
function findOpenCv() {
  const ask = (...args) => {
    const { status, stdout } = spawnSync('pkg-config', [...args, 'opencv4'], { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const missing = [];
  if (!hasProgram('pkg-config')) missing.push('pkg-config');
  if (!hasProgram('g++')) missing.push('g++');
  if (!hasProgram('make')) missing.push('make');
  if (!hasProgram('python3')) missing.push('python3');
  const found = ask('--modversion');
  if (!found) missing.push('libopencv-dev');
  if (missing.length > 0) {
    say(`OpenCV is not built in; install what that needs: sudo apt-get install ${missing.join(' ')}`);
    return undefined;
  }
  // Debian's libraries lie in the folder of the machine's architecture, such as /usr/lib/aarch64-linux-gnu.
  const libraries = ask('--variable=libdir');
  const include = ask('--cflags-only-I').split(/\s+/)[0].replace(/^-I/, '');
  if (!existsSync(join(include, 'opencv2', 'core.hpp')) || !existsSync(join(libraries, 'libopencv_core.so'))) {
    say(`pkg-config says that OpenCV ${found} is in ${include} and ${libraries}, but it is not all there.`);
    say('Install it again: sudo apt-get install --reinstall libopencv-dev');
    return undefined;
  }
  return { version: found, include, libraries, programs: join(ask('--variable=prefix'), 'bin') };
}

/** The folder of the package where a project, or this checkout, has it as one of its own. */
function installed() {
  try {
    return join(dirname(createRequire(join(root, 'package.json')).resolve(name)), '..', '..');
  } catch {
    return undefined;
  }
}

/** Puts the package into the checkout's `build/opencv`. */
function install() {
  if (!existsSync(recipe)) {
    say(`${name} is not installed here: npm install --ignore-scripts ${name}@${version}`);
    return undefined;
  }
  const folder = join(own, 'node_modules', ...name.split('/'));
  const lock = readFileSync(join(recipe, 'package-lock.json'));
  const stamp = join(own, '.ocellus-stamp');
  const wanted = digest([lock]);
  if (existsSync(folder) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  mkdirSync(own, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(recipe, file), join(own, file));
  // Its own install script would look for OpenCV in the wrong places.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!run('npm', args, { cwd: own })) return undefined;
  writeFileSync(stamp, wanted);
  return folder;
}

function compile(folder, { version: found, include, libraries, programs }) {
  const jobs = Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / bytesPerJob)));
  say(`Building ${name} against OpenCV ${found}; this takes minutes, once …`);
  const gyp = createRequire(join(folder, 'package.json')).resolve('node-gyp/bin/node-gyp.js');
  const options = ['--jobs', String(jobs), '--loglevel=error'];
  // Headers that came with Node need not be fetched.
  const prefix = join(dirname(process.execPath), '..');
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) options.push(`--nodedir=${prefix}`);
  const runGyp = (step) => {
    const { status, stderr } = spawnSync(process.execPath, [gyp, step, ...options], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      env: {
        ...process.env,
        OPENCV4NODEJS_DISABLE_AUTOBUILD: '1',
        CXXFLAGS: flags,
        OPENCV_INCLUDE_DIR: include,
        OPENCV_LIB_DIR: libraries,
        OPENCV_BIN_DIR: programs,
      },
    });
    // The compiler warns of code that is not ours: it is shown when that is what is in the way.
    if (status !== 0) say(stderr.trim().split('\n').slice(-60).join('\n'));
    return status === 0;
  };
  rmSync(join(folder, 'build'), { recursive: true, force: true });
  if (!runGyp('configure')) return false;
  precompileHeader(folder);
  const isWell = runGyp('build');
  // A hundred megabytes that nothing needs any more.
  rmSync(join(folder, headerFolder), { recursive: true, force: true });
  return isWell;
}

const headerFolder = join('build', 'header');

/**
 * All of its hundred files begin with the same headers, of Node and of OpenCV, which take a second or more each time: make is told to
 * compile them once. A compiler that cannot use the result reads the headers.
 */
function precompileHeader(folder) {
  const makefile = join(folder, 'build', 'opencv4nodejs.target.mk');
  if (!existsSync(makefile)) return;
  mkdirSync(join(folder, headerFolder));
  const header = join(folder, headerFolder, 'common.h');
  writeFileSync(header, '#include "macros.h"\n');
  appendFileSync(
    makefile,
    `
OCELLUS_FLAGS := $(DEFS_$(BUILDTYPE)) $(INCS_$(BUILDTYPE)) $(CFLAGS_$(BUILDTYPE)) $(CFLAGS_CC_$(BUILDTYPE))
$(srcdir)/build/header/common.h.gch: $(srcdir)/build/header/common.h
\t$(CXX.target) -x c++-header -o $@ $< $(OCELLUS_FLAGS) $(CXXFLAGS.target)
$(OBJS): $(srcdir)/build/header/common.h.gch
$(OBJS): GYP_CXXFLAGS += -include $(srcdir)/build/header/common.h
`,
  );
}

const program = `
const cv = require('./build/Release/opencv4nodejs.node');
const small = new cv.Mat(4, 4, cv.CV_8UC3, [1, 2, 3]).resize(2, 2);
if (small.rows !== 2 || small.at(1, 1).y !== 2) throw new Error('a resized Mat has other pixels');
console.log([cv.version.major, cv.version.minor, cv.version.revision].join('.'));
`;

function tryOut(folder) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' });
  if (status === 0) {
    say(`OpenCV ${stdout.trim()} works.`);
    return true;
  }
  say(`${name} was built, but does not work: ${stderr.trim() || `it ended with ${status ?? 'a signal'}`}`);
  return false;
}
