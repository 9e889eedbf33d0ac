import { readdirSync, readFileSync } from 'node:fs';

/** Of this process and of its children (ffmpeg), those that run and those that have ended. Ticks are of 10 ms. */
export function cpuSeconds(): number {
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // pid (name) state ppid …; 11 and 12 after the name are utime and stime, 13 and 14 those of ended children.
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      if (Number(entry) === process.pid) ticks += sum(fields.slice(11, 15));
      else if (Number(fields[1]) === process.pid) ticks += sum(fields.slice(11, 13));
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks / 100;
}

function sum(fields: string[]): number {
  return fields.reduce((total, field) => total + Number(field), 0);
}
