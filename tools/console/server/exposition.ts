export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

/** In the `Accept` header of clients that understand OpenMetrics; all others get Prometheus' text format. */
const openMetricsType = 'application/openmetrics-text';

/**
 * Writes metrics for Prometheus: its text format 0.0.4, or OpenMetrics 1.0 (prometheus.io/docs/specs/om). The two differ
 * in the names of families, in types and in their last line; samples are the same in both, so queries are too.
 *
 * @example
 * const text = new Exposition();
 * text.counter('ocellus_frames', 'Frames.', [[{ camera: 'door' }, 7]]);
 * text.end(); // # HELP … # TYPE … ocellus_frames_total{camera="door"} 7
 */
export class Exposition {
  readonly contentType: string;
  readonly #open: boolean;
  readonly #lines: string[] = [];

  /** @param accept The request's `Accept` header. */
  constructor(accept = '') {
    this.#open = accept.includes(openMetricsType);
    this.contentType = this.#open
      ? `${openMetricsType}; version=1.0.0; charset=utf-8`
      : 'text/plain; version=0.0.4; charset=utf-8';
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, 'gauge', help);
    this.#samples(name, samples);
  }

  /** @param name Without `_total`. */
  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(this.#open ? name : `${name}_total`, 'counter', help);
    this.#samples(`${name}_total`, samples);
  }

  /** @param name Without `_info`. */
  info(name: string, help: string, labels: Labels): void {
    if (this.#open) this.#family(name, 'info', help);
    else this.#family(`${name}_info`, 'gauge', help);
    this.#samples(`${name}_info`, [[labels, 1]]);
  }

  /** A summary without quantiles: sum and count. */
  summary(
    name: string,
    help: string,
    samples: readonly (readonly [labels: Labels, sum: number, count: number])[],
  ): void {
    this.#family(name, 'summary', help);
    for (const [labels, sum, count] of samples) {
      this.#samples(`${name}_sum`, [[labels, sum]]);
      this.#samples(`${name}_count`, [[labels, count]]);
    }
  }

  /** One sample per state, 1 for the current ones; the state is in a label with the metric's name. */
  stateSet(name: string, help: string, states: readonly string[], now: readonly (readonly [Labels, string])[]): void {
    this.#family(name, this.#open ? 'stateset' : 'gauge', help);
    for (const [labels, state] of now) {
      this.#samples(
        name,
        states.map((one) => [{ ...labels, [name]: one }, one === state ? 1 : 0]),
      );
    }
  }

  /** The complete text. */
  end(): string {
    return `${[...this.#lines, ...(this.#open ? ['# EOF'] : [])].join('\n')}\n`;
  }

  #family(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  #samples(name: string, samples: readonly Sample[]): void {
    for (const [labels, value] of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      this.#lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`);
    }
  }
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const escaped = (text: string) => text.replace(/[\\"\n]/g, (character) => escapes[character]!);
