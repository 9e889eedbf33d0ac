// The Debian packages that the tests run real parts from: installs what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run, say } from './steps.mjs';

/** What each package gives, by how its presence is seen. */
const wanted = [
  { package: 'ffmpeg', program: 'ffmpeg', for: 'video files and cameras' },
  { package: 'mosquitto', program: 'mosquitto', for: 'a real MQTT broker' },
  { package: 'chromium', program: 'chromium', for: 'the page in a real browser' },
  { package: 'python3-venv', file: '/usr/share/doc/python3-venv', for: 'pycocotools and OpenCV, to compare with' },
  { package: 'python3-gi', file: '/usr/lib/python3/dist-packages/gi', for: 'an RTSP server' },
  { package: 'gir1.2-gst-rtsp-server-1.0', file: '/usr/share/doc/gir1.2-gst-rtsp-server-1.0', for: 'an RTSP server' },
  { package: 'gstreamer1.0-plugins-base', file: '/usr/share/doc/gstreamer1.0-plugins-base', for: 'an RTSP server' },
  { package: 'gstreamer1.0-plugins-good', file: '/usr/share/doc/gstreamer1.0-plugins-good', for: 'an RTSP server' },
  { package: 'gstreamer1.0-plugins-ugly', file: '/usr/share/doc/gstreamer1.0-plugins-ugly', for: 'an RTSP server' },
  { package: 'mmdebstrap', program: 'mmdebstrap', for: 'the camera guest and the arm64 root' },
  { package: 'qemu-system-x86', program: 'qemu-system-x86_64', for: 'the camera guest' },
  { package: 'e2fsprogs', program: 'mkfs.ext4', for: 'the camera guest' },
  { package: 'dosfstools', program: 'mkfs.vfat', for: 'the file systems of a card' },
  { package: 'mtools', program: 'mcopy', for: 'the file systems of a card' },
  { package: 'cpio', program: 'cpio', for: 'the camera guest' },
  { package: 'xz-utils', program: 'xz', for: 'the camera guest' },
  { package: 'fdisk', program: 'sfdisk', for: 'the image of a card' },
  { package: 'erofs-utils', program: 'mkfs.erofs', for: 'the same' },
  { package: 'zstd', program: 'zstd', for: 'the same' },
  { package: 'kmod', program: 'depmod', for: 'the same' },
  { package: 'qemu-user-static', program: 'qemu-aarch64-static', for: 'the arm64 root' },
  { package: 'qemu-user', program: 'qemu-aarch64', for: 'counting instructions of the boards' },
  { package: 'cmake', program: 'cmake', for: 'the native kernels' },
  { package: 'ninja-build', program: 'ninja', for: 'the native kernels' },
  { package: 'g++', program: 'g++', for: 'the native kernels' },
  {
    package: 'libjpeg62-turbo-dev',
    file: '/usr/include/jpeglib.h',
    for: 'the native kernels, which decode JPEG by it',
  },
  { package: 'libopencv-dev', file: '/usr/include/opencv4/opencv2/core.hpp', for: 'the bindings of OpenCV' },
  { package: 'pkg-config', program: 'pkg-config', for: 'the same' },
  { package: 'make', program: 'make', for: 'the same' },
  { package: 'g++-aarch64-linux-gnu', program: 'aarch64-linux-gnu-g++', for: 'the native kernels of the boards' },
  { package: 'libc6-dev-arm64-cross', file: '/usr/aarch64-linux-gnu/include/stdio.h', for: 'the same' },
];

/** What `npm run test:image` needs as well. */
const wantedForImage = [
  { package: 'arch-test', program: 'arch-test', for: 'the root of a card' },
  { package: 'binfmt-support', program: 'update-binfmts', for: 'the same' },
  { package: 'qemu-system-arm', program: 'qemu-system-aarch64', for: 'emulated boards' },
];
if (process.argv.includes('--image')) wanted.push(...wantedForImage);

const paths = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
const present = ({ program, file }) =>
  program ? paths.some((folder) => existsSync(`${folder}/${program}`)) : existsSync(file);

/** Installs what is missing through apt as root or with sudo; else says what is missing. The tests skip by name then. */
function installTestPackages() {
  const missing = wanted.filter((entry) => !present(entry));
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.package);
  const prefix = rightsPrefix();
  if (!prefix || !paths.some((folder) => existsSync(`${folder}/apt-get`))) {
    say('Some tests will be skipped, because these Debian packages are missing and this is neither root nor sudo:');
    for (const entry of missing) say(`  ${entry.package} (${entry.for})`);
    say(`To run them all: sudo apt-get install ${names.join(' ')}`);
    return;
  }
  say(`Installing Debian packages for the tests: ${names.join(' ')}`);
  const apt = (...args) => {
    const [program, ...rest] = [...prefix, 'apt-get', '-q', ...args];
    return run(program, rest, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  };
  apt('update');
  if (apt('install', '-y', '--no-install-recommends', ...names)) return;
  // One package that this Debian lacks must not cost all the others.
  for (const name of names) {
    if (!apt('install', '-y', '--no-install-recommends', name))
      say(`${name} could not be installed; its tests are skipped.`);
  }
}

function rightsPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
    ? ['sudo', '--preserve-env=DEBIAN_FRONTEND']
    : undefined;
}

installTestPackages();
