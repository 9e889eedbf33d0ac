import type { DeviceOptions } from './device.ts';
import { asItComes, atMost, ffmpegCommand } from './ffmpeg.ts';
import type { LiveCommand } from './live.ts';
import { NetworkCamera } from './network.ts';
import { Y4mParser } from './y4m.ts';

/** A network camera that speaks RTSP, read by ffmpeg. */
export class RtspCamera extends NetworkCamera {
  /** @param url `rtsp://` or `rtsps://`, with the user's name and password if it wants them. */
  constructor(url: string, options?: DeviceOptions) {
    super('rtsp', url, options);
  }

  protected async command(): Promise<LiveCommand> {
    this.assertUrl();
    const { width, height, maxPixels, fps, transport = 'tcp' } = this.options;
    const input = [
      // Nothing but a camera's stream, wherever it redirects to: no file, no playlist, no other protocol.
      ...['-f', 'rtsp', '-protocol_whitelist', 'rtp,srtp,tcp,tls,udp'],
      ...['-rtsp_transport', transport],
      // Microseconds. The watchdog notices first; this lets ffmpeg say what it waited for.
      ...['-timeout', '8000000'],
      ...['-fflags', 'nobuffer', '-flags', 'low_delay'],
      // Enough for the headers of one picture; the default reads five seconds before the first frame.
      ...['-analyzeduration', '1000000', '-probesize', '500000'],
    ];
    const decoder = await this.decoderFor({ input, url: this.url });
    return {
      ...ffmpegCommand({
        input: [...(decoder?.input ?? []), ...input],
        url: this.url,
        filters: atMost(fps),
        width,
        height,
        maxPixels,
        output: asItComes,
      }),
      decoder,
      parser: (sink) => new Y4mParser(sink),
    };
  }
}
