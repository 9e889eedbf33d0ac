import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { messageOf } from '../../../sdk/base/errors.ts';
import type { DeviceOptions } from '../../device/device.ts';
import { atMost, ffmpegCommand } from '../../ffmpeg/ffmpeg.ts';
import type { LiveCommand } from '../../ffmpeg/live.ts';
import { NetworkCamera } from '../network.ts';
import { getStream } from './get.ts';
import { JpegFinder } from './jpegs.ts';

/** After this many other bytes it is not a stream. */
const mostWithoutJpeg = 8 * 1024 * 1024;
const noStream = 'no JPEGs arrive';

/**
 * A network camera that sends one JPEG after the other over HTTP (multipart/x-mixed-replace). What it sends is read here, in
 * all the forms that cameras have; ffmpeg decodes the pictures.
 */
export class HttpCamera extends NetworkCamera {
  /** @param url `http://` or `https://`, with the user's name and password if it wants them. */
  constructor(url: string, options?: DeviceOptions) {
    super('http', url, options);
  }

  protected async command(): Promise<LiveCommand> {
    this.assertUrl();
    const { width, height, maxPixels, fps } = this.options;
    return {
      ...ffmpegCommand({
        input: [
          // Nothing but what it is given here.
          ...['-f', 'mpjpeg', '-protocol_whitelist', 'pipe'],
          // The pictures have no times of their own.
          ...['-use_wallclock_as_timestamps', '1', '-flags', 'low_delay'],
          // One picture tells all there is to know of the stream.
          ...['-analyzeduration', '0', '-probesize', '32'],
        ],
        url: 'pipe:0',
        filters: atMost(fps),
        width,
        height,
        maxPixels,
      }),
      feed: (input, signal) => this.#feed(input, signal),
    };
  }

  protected override explain(said: string): string {
    if (said.includes(noStream)) {
      return `what comes is no MJPEG stream (multipart/x-mixed-replace) but a picture, a page or nothing: see the camera's manual for the path; ${said}`;
    }
    return super.explain(said);
  }

  /** @returns Why there are no more pictures. */
  async #feed(input: Writable, signal: AbortSignal): Promise<string> {
    let response: IncomingMessage;
    try {
      response = await getStream(this.url, signal);
    } catch (error) {
      return messageOf(error);
    }
    const type = response.headers['content-type'] ?? '';
    // It would end, and be asked for again and again.
    if (/^\s*(text|image|application\/(json|xml|xhtml))/i.test(type)) {
      response.destroy();
      return `${noStream}: what comes is ${type.slice(0, 80)}`;
    }
    return this.#forward(response, input);
  }

  /** Feeds each picture to ffmpeg, only the newest ones when it is slower than the camera. */
  #forward(response: IncomingMessage, input: Writable): Promise<string> {
    let jpegs = 0;
    let bytes = 0;
    let isBusy = false;
    const finder = new JpegFinder((jpeg) => {
      jpegs++;
      if (isBusy) {
        this.counters.frames++;
        this.counters.dropped++;
        return;
      }
      input.write(`--jpeg\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
      input.write(jpeg);
      isBusy = !input.write('\r\n');
      if (isBusy) {
        input.once('drain', () => {
          isBusy = false;
        });
      }
    });
    return new Promise((resolve) => {
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        finder.write(chunk);
        this.counters.corrupt += finder.takeDropped();
        if (jpegs > 0 || bytes < mostWithoutJpeg) return;
        response.destroy();
        resolve(`${noStream}: ${bytes} bytes of something else`);
      });
      response.once('error', (error) => resolve(messageOf(error)));
      response.once('close', () =>
        resolve(jpegs > 0 ? 'the camera ended the stream' : `${noStream}: the stream ended`),
      );
    });
  }
}
