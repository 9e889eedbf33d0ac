import { mkdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { packageVersion } from '../../sdk/base/assets.ts';
import { messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { toWire } from '../../sdk/base/wire.ts';
import { brokerAddress } from '../../sdk/hub/connection/address.ts';
import type { HealthReport } from '../../sdk/update/health.ts';

const healthFile = 'health.json';
const everyMs = 5000;
const probeTimeoutMs = 4000;

/** What the report is made of. */
export interface HealthSource {
  /** Frames that each enabled camera has given. */
  frames(): ReadonlyMap<string, number>;
  /** Undefined without a broker. */
  connected(): boolean | undefined;
  /** Its URL; undefined: none, or the embedded one. */
  readonly broker: string | undefined;
  readonly kernels: string;
}

/** Writes how a node is, every five seconds, into its run folder, which is in memory: what an update is judged by. */
export class HealthFile {
  readonly #folder: string;
  readonly #source: HealthSource;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #hasComplained = false;

  constructor(folder: string, source: HealthSource, logger: Logger) {
    this.#folder = folder;
    this.#source = source;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tell(), everyMs);
    this.#timer.unref();
    void this.#tell();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #tell(): Promise<void> {
    try {
      const connected = this.#source.connected();
      const broker = connected === undefined ? 'off' : connected ? 'connected' : await probe(this.#source.broker);
      const report: HealthReport = {
        version: packageVersion(),
        uptimeSeconds: Math.round(process.uptime()),
        cameras: this.#source.frames(),
        broker,
        kernels: this.#source.kernels,
      };
      await mkdir(this.#folder, { recursive: true });
      await replaceFile(join(this.#folder, healthFile), `${JSON.stringify(toWire(report))}\n`, 0o644);
    } catch (error) {
      if (!this.#hasComplained) this.#logger.warn(`how this node is cannot be written: ${messageOf(error)}`);
      this.#hasComplained = true;
    }
  }
}

const Report = Type.Object({
  version: Type.String(),
  uptime_seconds: Type.Number(),
  cameras: Type.Record(Type.String(), Type.Number()),
  broker: Type.Union(['off', 'connected', 'refused', 'unreachable'].map((one) => Type.Literal(one))),
  kernels: Type.String(),
});

/** The newest report, or undefined where there is none. Who wrote it has no rights: what is not right is none. */
export async function readHealth(folder: string): Promise<HealthReport | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, healthFile), 'utf8'));
    if (!Value.Check(Report, value)) return undefined;
    const { version, uptime_seconds: uptimeSeconds, cameras, broker, kernels } = value;
    return {
      ...{ version, uptimeSeconds, kernels, broker: broker as HealthReport['broker'] },
      cameras: new Map(Object.entries(cameras)),
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether a machine answers where the broker should be: a connection that is taken or refused comes from it, and says
 * that the network is all right.
 */
export async function probe(url: string | undefined): Promise<'refused' | 'unreachable'> {
  if (url === undefined) return 'unreachable';
  const { options } = brokerAddress(url);
  const port = options.port ?? 1883;
  return new Promise((resolve) => {
    const socket = connect({ host: options.hostname ?? options.host ?? '', port: Number(port) });
    const end = (answer: 'refused' | 'unreachable') => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(probeTimeoutMs, () => end('unreachable'));
    socket.once('connect', () => end('refused'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
    );
  });
}
