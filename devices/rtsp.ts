import { InputError } from '../sdk/errors.ts';
import type { DeviceOptions, DeviceProperties } from './device.ts';
import { atMost, ffmpegCommand } from './ffmpeg.ts';
import { type LiveCommand, LiveDevice } from './live.ts';
import type { StreamFormat } from './stream.ts';
import { Y4mParser } from './y4m.ts';

/** A network camera, read by ffmpeg over TCP. */
export class RtspCamera extends LiveDevice {
  readonly #url: string;

  /** @param url `rtsp://` or `rtsps://`, with the user's name and password if it wants them. */
  constructor(url: string, options?: DeviceOptions) {
    super(url, options);
    this.#url = url;
  }

  protected async command(): Promise<LiveCommand> {
    if (!URL.canParse(this.#url) || new URL(this.#url).host === '' || hasStrayAt(new URL(this.#url))) {
      throw new InputError(
        'expected rtsp://[user:password@]host[:port]/path; write / @ : # in a password as %2F %40 %3A %23',
      );
    }
    // A password is told from the words around it, in what ffmpeg says, by what no URL holds.
    if (/[\s"'<>]/.test(this.#url.slice(0, this.#url.lastIndexOf('@') + 1))) {
      throw new InputError(`expected a URL; write space " ' < > in a password as %20 %22 %27 %3C %3E`);
    }
    const { width, height, fps } = this.options;
    const input = [
      // Nothing but a camera's stream, wherever it redirects to: no file, no playlist, no other protocol.
      ...['-f', 'rtsp', '-protocol_whitelist', 'rtp,srtp,tcp,tls,udp'],
      ...['-rtsp_transport', 'tcp'],
      // Microseconds. The watchdog notices first; this lets ffmpeg say what it waited for.
      ...['-timeout', '8000000'],
      ...['-fflags', 'nobuffer', '-flags', 'low_delay'],
      // Enough for the headers of one picture; the default reads five seconds before the first frame.
      ...['-analyzeduration', '1000000', '-probesize', '500000'],
    ];
    const decoder = await this.decoderFor({ input, url: this.#url });
    return {
      ...ffmpegCommand({
        input: [...(decoder?.input ?? []), ...input],
        url: this.#url,
        filters: atMost(fps),
        width,
        height,
        output: ['-fps_mode', 'passthrough'],
      }),
      decoder,
      parser: (sink) => new Y4mParser(sink),
    };
  }

  protected describe({ format, width, height, fps, colour }: StreamFormat): DeviceProperties {
    const { host, pathname } = new URL(this.#url);
    return { kind: 'rtsp', title: `${host}${pathname}`, format, width, height, fps, colour, live: true };
  }

  protected override explain(said: string): string {
    // As ffmpeg says them: a bare number may be a port, "not found" a program.
    if (/(failed:|returned) 401\b/.test(said)) {
      return `the camera asks for a user and a password (rtsp://user:password@host/path), or refuses those given; ${said}`;
    }
    if (/(failed:|returned) 404\b/.test(said)) return `the camera has no stream of this path, see its manual; ${said}`;
    if (/refused|No route|timed out|resolve|unreachable/i.test(said)) {
      return `the camera does not answer: is it on, and are host and port right? ${said}`;
    }
    return said;
  }
}

/** A part of the password was taken for the host, and would be shown as such. */
function hasStrayAt({ username, pathname, search, hash }: URL): boolean {
  return username !== '' && `${pathname}${search}${hash}`.includes('@');
}
