import type { DeviceOptions } from '../device/device.ts';
import type { Loss } from '../device/loss.ts';
import { atMost, ffmpegCommand } from '../ffmpeg/ffmpeg.ts';
import type { LiveCommand } from '../ffmpeg/live.ts';
import { NetworkCamera } from './network.ts';

/** A network camera that speaks RTSP, read by ffmpeg. */
export class RtspCamera extends NetworkCamera {
  #overUdp: boolean;

  /** @param url `rtsp://` or `rtsps://`, with the user's name and password if it wants them. */
  constructor(url: string, options?: DeviceOptions) {
    super('rtsp', url, options);
    this.#overUdp = options?.transport === 'udp';
  }

  /** A camera may support UDP only, and says so when TCP is requested. */
  protected override async run(): Promise<Loss> {
    const loss = await super.run();
    if (
      this.hasFrames ||
      this.closed ||
      this.#overUdp ||
      !/SETUP failed: 461|461\W*Unsupported transport/i.test(loss.said ?? '')
    )
      return loss;
    this.logger.warn('the camera supports UDP only: using that (transport: udp)');
    this.#overUdp = true;
    return super.run();
  }

  protected async command(): Promise<LiveCommand> {
    this.assertUrl();
    const { width, height, maxPixels, fps, video } = this.options;
    const input = [
      // Nothing but a camera's stream, wherever it redirects to: no file, no playlist, no other protocol.
      ...['-f', 'rtsp', '-protocol_whitelist', 'rtp,srtp,tcp,tls,udp'],
      ...['-rtsp_transport', this.#overUdp ? 'udp' : 'tcp'],
      // Microseconds. The watchdog notices first; this lets ffmpeg say what it waited for.
      ...['-timeout', '8000000'],
      // Not with `-fflags nobuffer`: what was read to know the stream is thrown away then, its first key frame with it. Nor with
      // `-flags low_delay`: MPEG-2 and MPEG-4 would come out in the order in which they were coded.
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
        copies: video !== undefined,
      }),
      decoder,
      // Where the next key frame is waited for. A decoder that gives no picture gives way sooner.
      ...(!decoder && { startGraceMs: 30_000 }),
    };
  }
}
