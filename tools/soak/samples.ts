import { readdirSync } from 'node:fs';

/** What a process holds at a moment; bytes and counts. */
export interface Sample {
  readonly frames: number;
  readonly seconds: number;
  readonly resident: number;
  /** JavaScript objects of the main thread that are alive. */
  readonly heap: number;
  /** Memory of C++ objects that JavaScript holds, `buffers` included. */
  readonly external: number;
  readonly buffers: number;
  /** Timers, sockets, pipes and requests that Node holds. */
  readonly resources: number;
  readonly files: number;
}

export function takeSample(frames: number, collect: () => void): Sample {
  // What is garbage already says nothing of a leak.
  collect();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    frames,
    seconds: Math.round(process.uptime() * 10) / 10,
    resident: rss,
    heap: heapUsed,
    external,
    buffers: arrayBuffers,
    resources: process.getActiveResourcesInfo().length,
    files: readdirSync('/proc/self/fd').length,
  };
}
