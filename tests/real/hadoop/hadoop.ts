import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asset } from '../../../sdk/base/assets.ts';
import { labFolder } from '../lab/labs.mjs';

/** `npm run test:hadoop` has prepared what is needed. */
export const isHadoopAsked = process.env.OCELLUS_TEST_HADOOP === '1';
export const hadoopNeeds = 'npm run test:hadoop';

const jars = () => join(labFolder('hadoop'), '*');

/** Java's own modules are closed to what the cluster is built with. */
const open = '--add-opens=java.base/java.lang=ALL-UNNAMED';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a class of Hadoop to its end. @param settings Folder of a cluster's settings. Default: none, all is on this machine. */
export async function hadoop(name: string, args: readonly string[], settings?: string): Promise<Ran> {
  const path = settings === undefined ? jars() : `${settings}:${jars()}`;
  const child = spawn('java', ['-Xmx512m', '-cp', path, `org.apache.hadoop.${name}`, ...args]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** What a job of Hadoop Streaming without reducers told. */
export interface Job extends Ran {
  readonly id: string;
  counter(name: string): number;
}

/** Runs `ocellus worker --typedbytes` over a SequenceFile. */
export async function streamingJob(
  { input, output, mapper, splits }: { input: string; output: string; mapper: string; splits: number },
  settings?: string,
): Promise<Job> {
  const ran = await hadoop(
    'streaming.HadoopStreaming',
    [
      ...['-D', 'mapreduce.job.reduces=0', '-D', `mapreduce.job.maps=${splits}`],
      // Else a slow attempt has a second one beside it, which is no retry.
      ...['-D', 'mapreduce.map.speculative=false'],
      ...['-io', 'typedbytes', '-inputformat', 'org.apache.hadoop.mapred.SequenceFileInputFormat'],
      ...['-input', input, '-output', output, '-mapper', mapper],
    ],
    settings,
  );
  return {
    ...ran,
    id: /Running job: (\S+)/.exec(ran.err)?.[1] ?? '',
    counter: (name) => Number(new RegExp(`^\\s*${name}=(\\d+)$`, 'm').exec(ran.err)?.[1] ?? 0),
  };
}

/** A mapper that notes its attempt and its process before it becomes Ocellus. */
export class Mapper {
  readonly command: string;
  readonly #notes: string;

  constructor(folder: string) {
    this.#notes = join(folder, 'attempts');
    this.command = join(folder, 'mapper.sh');
    const ocellus = `"${process.execPath}" "${asset('bin', 'ocellus.js')}" worker --typedbytes --threads 1`;
    const note = `echo "$mapreduce_task_attempt_id $$" >> "${this.#notes}"`;
    writeFileSync(this.command, `#!/bin/sh\n${note}\nexec ${ocellus}\n`, { mode: 0o755 });
  }

  get attempts(): { id: string; pid: number }[] {
    if (!existsSync(this.#notes)) return [];
    // Of a line that is being written nothing.
    const lines = readFileSync(this.#notes, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => ({ id: line.split(' ')[0]!, pid: Number(line.split(' ')[1]) }));
  }
}

/** HDFS and YARN in a process. */
export class MiniCluster {
  /** Folder of settings for clients. */
  readonly settings: string;
  readonly #process: ChildProcess;

  private constructor(settings: string, process: ChildProcess) {
    this.settings = settings;
    this.#process = process;
  }

  static async start(folder: string): Promise<MiniCluster> {
    const [classes, data, settings] = ['classes', 'data', 'settings'].map((name) => join(folder, name));
    for (const one of [classes!, data!, settings!]) mkdirSync(one);
    const source = asset('tests', 'real', 'hadoop', 'MiniCluster.java');
    execFileSync('javac', ['-cp', jars(), '-d', classes!, source]);
    const java = [open, '-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', `${classes}:${jars()}`];
    const child = spawn('java', [...java, 'MiniCluster', data!, jars(), settings!], { cwd: data! });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err = (err + text).slice(-5000)));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'ready') return new MiniCluster(settings!, child);
    }
    throw new Error(`the cluster ended before it was ready:\n${err}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin!.end();
    await ended;
  }
}
