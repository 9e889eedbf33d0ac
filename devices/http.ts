import type { DeviceOptions } from './device.ts';
import { atMost, ffmpegCommand } from './ffmpeg.ts';
import type { LiveCommand } from './live.ts';
import { NetworkCamera } from './network.ts';

/** A network camera that sends one JPEG after the other over HTTP (multipart/x-mixed-replace), read by ffmpeg. */
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
          // Nothing but a camera's stream, wherever it redirects to: no file, no playlist, no other protocol.
          ...['-f', 'mpjpeg', '-protocol_whitelist', 'http,https,tcp,tls'],
          // Microseconds. The watchdog notices first; this lets ffmpeg say what it waited for.
          ...['-rw_timeout', '8000000'],
          // The pictures have no times of their own.
          ...['-use_wallclock_as_timestamps', '1'],
          ...['-fflags', 'nobuffer', '-flags', 'low_delay'],
          // One picture tells all there is to know of the stream.
          ...['-analyzeduration', '0', '-probesize', '32'],
        ],
        url: this.url,
        filters: atMost(fps),
        width,
        height,
        maxPixels,
      }),
    };
  }

  protected override explain(said: string): string {
    if (/Expected boundary|Invalid data|End of file/.test(said)) {
      return `what comes is no MJPEG stream (multipart/x-mixed-replace) but a picture, a page or nothing: see the camera's manual for the path; ${said}`;
    }
    return super.explain(said);
  }
}
