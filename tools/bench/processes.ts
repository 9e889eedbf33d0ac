import { readdirSync, readFileSync } from 'node:fs';

/** What `ocellus` gets of the environment: other machines' settings of certificates and the like cost time and memory. */
export function plainEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: home };
}

/** CPU time of a process so far, all its threads, in ms. 0 when it has ended. */
export function cpuMsOf(pid: number): number {
  let nanoseconds = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    }
  } catch {
    // It, or a thread of it, ended meanwhile.
  }
  return nanoseconds / 1e6;
}

/** Resident memory in MB (of 2^20 bytes), in all and the anonymous part. Undefined when it has ended. */
export function memoryOf(pid: number): { resident: number; anonymous: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mb = (field: string) => Number(new RegExp(`${field}:\\s*(\\d+)`).exec(status)![1]) / 1024;
    return { resident: mb('VmRSS'), anonymous: mb('RssAnon') };
  } catch {
    return undefined;
  }
}

/** The programs that a process started, such as ffmpeg. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
