import { findOpenCvBindings, howToInstallOpenCv, openCvPackage } from '../../sdk/opencv-bindings/load.ts';
import { askProgram } from './ask-program.ts';
import { findProgram } from './find-program.ts';

/** A program, or a library, that a source needs. */
export interface FoundProgram {
  readonly name: string;
  /** What it is for, and what installs it. */
  readonly purpose: string;
  readonly install: string;
  /** Where it is; undefined when it is missing. */
  readonly path?: string;
  /** As it says itself. */
  readonly version?: string;
}

const wanted = [
  {
    name: 'ffmpeg',
    purpose: 'video files, USB and network cameras',
    install: 'sudo apt install ffmpeg',
    ask: ['-version'],
  },
  { name: 'ffprobe', purpose: 'looking into video files', install: 'sudo apt install ffmpeg', ask: ['-version'] },
  {
    name: 'rpicam-vid',
    purpose: 'Raspberry Pi cameras',
    install: 'sudo apt install rpicam-apps-lite (Raspberry Pi OS)',
    ask: ['--version'],
  },
  {
    name: 'rpicam-still',
    purpose: 'stills of Raspberry Pi cameras',
    install: 'sudo apt install rpicam-apps-lite (Raspberry Pi OS)',
    ask: ['--version'],
  },
  {
    name: 'libcamera-vid',
    purpose: 'Raspberry Pi cameras (the older name of rpicam-vid)',
    install: 'sudo apt install rpicam-apps-lite (Raspberry Pi OS)',
    ask: ['--version'],
  },
  {
    name: 'v4l2-ctl',
    purpose: 'formats and controls of USB cameras',
    install: 'sudo apt install v4l-utils',
    ask: ['--version'],
  },
] as const;

/** Each program that a source may need, found or not, in a fixed order; last OpenCV and its bindings, which are libraries. */
export async function findPrograms(): Promise<FoundProgram[]> {
  return Promise.all([
    ...wanted.map(async ({ name, purpose, install, ask }) => {
      const path = findProgram(name);
      const answer = path && (await askProgram(path, ask));
      return { name, purpose, install, path, version: answer ? versionIn(answer) : undefined };
    }),
    findOpenCv(),
    {
      name: openCvPackage,
      purpose: 'OpenCV’s bindings: the source opencv:, stages, its engine',
      install: howToInstallOpenCv,
      path: findOpenCvBindings(),
    },
  ]);
}

async function findOpenCv(): Promise<FoundProgram> {
  const about = {
    name: 'opencv4',
    purpose: 'OpenCV, which the bindings are built against',
    install: 'sudo apt install libopencv-dev pkg-config',
  };
  if (!findProgram('pkg-config')) return about;
  const version = (await askProgram('pkg-config', ['--modversion', 'opencv4']))?.trim();
  if (!version || !/^\d/.test(version)) return about;
  const path = (await askProgram('pkg-config', ['--variable=libdir', 'opencv4']))?.trim();
  return { ...about, version, path: path || undefined };
}

/** `ffmpeg version 5.1.9-0+deb12u1 Copyright …`, `rpicam-apps build: v1.5.3 …`, `v4l2-ctl 1.22.1`. */
export function versionIn(text: string): string | undefined {
  return /(?<![\w.])[vn]?(\d+\.\d+[\w.+~:-]*)/.exec(text)?.[1];
}
