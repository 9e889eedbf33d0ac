import type { ColourSpace } from '../../sdk/frame/frame.ts';
import { defaultMaxPixels, tooLarge } from '../device/options.ts';
import { besideFd, type Command } from '../programs/child.ts';
import type { StreamParser, StreamSink } from '../stream/stream.ts';
import { ShowInfo, showinfoIn, showinfoOut } from './showinfo.ts';
import { ShownFrameParser } from './shown-frames.ts';

/** How ffmpeg reads one input into frames. */
export interface FfmpegInput {
  /** Options for the input, in front of `-i`. */
  readonly input: readonly string[];
  /** What follows `-i`. */
  readonly url: string;
  /** Which of its streams. Default: the first video. */
  readonly stream?: number;
  /** Filters in front of the scaling. */
  readonly filters?: readonly string[];
  /** Size to scale to, in proportion: both give the largest that fits. Default: the source's own. */
  readonly width?: number;
  readonly height?: number;
  /** Maximum pixels of a picture; larger ones are refused before decoding. */
  readonly maxPixels?: number;
  /** The matrix of streams that do not state one. Default: the usual one for their size. */
  readonly untagged?: ColourSpace['matrix'];
  /** The matrix to convert to. Default: no conversion. */
  readonly matrix?: ColourSpace['matrix'];
  /** The video is copied as well, as it comes, to descriptor 3: a stream for a `VideoSink`. */
  readonly copies?: boolean;
}

/** A program that writes frames, and what reads them. */
export interface FfmpegCommand extends Command {
  /** It writes to descriptor 3 as well. */
  readonly beside: boolean;
  parser(sink: StreamSink): StreamParser;
}

/**
 * Times for a copy, whose clock may stop, jump or run backwards: what is not within five seconds of the one before is a tenth
 * of a second later. ffmpeg itself would put frames a microsecond apart until the clock is where it was.
 */
const step = 'if(between(DTS-PREV_INDTS,1,5/TB),DTS-PREV_INDTS,0.1/TB)';
const steady = `if(N,PREV_OUTDTS+${step},0)`;
export const steadyClock = ['-bsf:v', `setts=dts='${steady}':pts='if(between(PTS-DTS,0,5/TB),PTS-DTS,0)+${steady}'`];

/** Options of ffmpeg's MP4 muxer for a `VideoSink`; the header waits for the first frame, in which encoders tell theirs. */
export const fragmented: Readonly<Record<string, string>> = {
  movflags: '+frag_keyframe+empty_moov+delay_moov+default_base_moof',
  frag_duration: '1000000',
  use_editlist: '0',
  flush_packets: '1',
};

/**
 * The second output. Of what a clip cannot hold, only that fails: a tee goes on while one of its branches does, be it the one
 * to nowhere.
 */
const copyOutput = (() => {
  const options = Object.entries(fragmented).map(([name, value]) => `${name}=${value}`);
  const branch = ['f=mp4', 'onfail=ignore', ...options].join(':');
  return ['-c:v', 'copy', ...steadyClock, '-f', 'tee', `[f=null]-|[${branch}]pipe:${besideFd}`];
})();

export const installFfmpeg = 'install it: sudo apt install ffmpeg (version 5.1 or newer)';

/**
 * ffmpeg as it is run here: one video stream, each of its frames once, as 8 bit YUV 4:2:0 with square pixels on standard
 * output; what each frame is, on standard error.
 *
 * One decoding thread: on a 768 x 432 H.264 clip two threads took 20 % more CPU time for the same frames, and a
 * decoder with a thread a frame holds back that many frames of a camera. So does what writes bare frames: of itself it
 * takes a thread a frame, and each one came out only with the next, 0.5 s late at two a second.
 */
export function ffmpegCommand(options: FfmpegInput): FfmpegCommand {
  const { input, url, stream, filters = [], width, height, maxPixels = defaultMaxPixels } = options;
  const { untagged, matrix, copies = false } = options;
  // A level in front of each line, and no line left out because it is the one before again.
  const args = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'repeat+level+info', '-threads', '1'];
  // Decoders count whole blocks; the frames themselves are looked at where they come in.
  args.push('-max_pixels', String(Math.ceil(maxPixels * 1.1) + 65_536), ...input, '-i', url);
  const map = ['-map', stream === undefined ? '0:V:0' : `0:${stream}`, '-an', '-sn', '-dn'];
  args.push(...map);
  const show = (name: string) => `${name}=checksum=0`;
  const chain = ['sidedata=mode=delete', show(showinfoIn), ...filters, scale(width, height, matrix), 'setsar=1'];
  args.push('-vf', [...chain, 'format=yuv420p', show(showinfoOut)].join(','));
  // Otherwise ffmpeg duplicates and drops frames, and scales all to the size of the first.
  // When times jump by more than 30 hours, because a clock was set, ffmpeg would replace them.
  args.push('-dts_error_threshold', '1e10');
  args.push('-fps_mode', 'passthrough', '-enc_time_base', '1/1000000', '-noautoscale', '-threads', '1');
  // A frame is written as it is, not copied into a buffer of 32 kB again and again: a tenth of the cost of one of 1920x1080.
  args.push('-avioflags', 'direct', '-f', 'rawvideo', 'pipe:1');
  if (copies) args.push(...map, ...copyOutput);
  const listener = new ShowInfo();
  const parser = (sink: StreamSink) => new ShownFrameParser(sink, listener, { untagged, matrix });
  return { program: 'ffmpeg', args, install: installFfmpeg, listener, beside: copies, parser };
}

/**
 * The width of a pixel by its height, of a picture whose file or stream says that it is `said`. More than 4:1 is a mistake;
 * within a hundredth of 1:1 it is square. So is one of less than 3:4 in a picture of HD that is 16:9 already: no camera has it,
 * and ffmpeg writes it where it scales another shape to HD.
 */
export function pixelAspect(said: number, width: number, height: number): number {
  const isMistake = !(said >= 1 / most && said <= most) || Math.abs(said - 1) <= nearSquare;
  const isHd = height >= hdHeight && width / height >= wide[0] && width / height <= wide[1];
  return isMistake || (said < narrow && isHd) ? 1 : said;
}

const [most, nearSquare, narrow, hdHeight] = [4, 0.01, 0.75, 720];
/** 16:9, to a pixel or two. */
const wide = [1.763, 1.792] as const;

/** `pixelAspect()` in the words of ffmpeg's filters. */
const isHd = `gte(ih,${hdHeight})*between(iw/ih,${wide[0]},${wide[1]})`;
const isSquare = `between(sar,${1 - nearSquare},${1 + nearSquare})`;
const aspect = `if(between(sar,${1 / most},${most})*not(${isSquare})*not(lt(sar,${narrow})*${isHd}),sar,1)`;

/**
 * The filter that makes pixels square and scales to what is wanted. It is re-evaluated for each size of a stream, and
 * with `eval=frame` for each shape of its pixels: television goes from 4:3 to 16:9 in the same number of pixels. One with
 * square pixels of the size that is wanted passes as it is.
 */
function scale(wantedWidth?: number, wantedHeight?: number, matrix?: ColourSpace['matrix']): string {
  // The smaller side grows: no pixel that the camera has is lost. Chroma has half the size, so a side that changes is even.
  const even = (value: string) => `max(2,2*trunc(round(${value})/2))`;
  const ownWidth = `iw*max(1,${aspect})`;
  const ownHeight = `ih/min(1,${aspect})`;
  const ratio = `(iw*${aspect}/ih)`;
  const unless = (changed: string, own: string, otherwise: string) => `if(${changed},${otherwise},${own})`;
  let width = unless(`gt(${aspect},1)`, 'iw', even(ownWidth));
  let height = unless(`lt(${aspect},1)`, 'ih', even(ownHeight));
  if (wantedWidth !== undefined && wantedHeight !== undefined) {
    const [fitWidth, fitHeight] = [`${wantedHeight}*${ratio}`, `${wantedWidth}/${ratio}`];
    // A size right to a pixel counts as the requested one.
    width = `if(gte(${fitWidth},${wantedWidth}-1),${wantedWidth},${even(fitWidth)})`;
    height = `if(gte(${fitHeight},${wantedHeight}-1),${wantedHeight},${even(fitHeight)})`;
  } else if (wantedWidth !== undefined) {
    [width, height] = [String(wantedWidth), even(`${wantedWidth}/${ratio}`)];
  } else if (wantedHeight !== undefined) {
    [width, height] = [even(`${wantedHeight}*${ratio}`), String(wantedHeight)];
  }
  const convert = matrix === undefined ? '' : `:out_color_matrix=${matrix}`;
  return `scale=w='${width}':h='${height}':flags=bilinear:eval=frame${convert}`;
}

/** ffmpeg's message, or a clearer one when the pictures are too large. */
export function plainWords(said: string, maxPixels: number = defaultMaxPixels): string {
  const [, size] = /Picture size (\d+x\d+) (?:exceeds specified max|is invalid)/.exec(said) ?? [];
  return size === undefined ? said : tooLarge(size, maxPixels);
}

/**
 * A filter that limits the frame rate. Unlike ffmpeg's `fps` it never duplicates frames: after a gap in a camera's
 * timestamps that would be a burst of copies.
 */
export function atMost(fps: number | undefined): string[] {
  if (fps === undefined) return [];
  // Variable 0 is when the next frame is due. A little early is in time, for cameras are not exact; a clock that was
  // set back by more than two frames restarts the schedule.
  const period = (1 / fps).toFixed(6);
  const early = (0.1 / fps).toFixed(6);
  const isDue = `isnan(t)+gte(t+${early},ld(0))+gt(ld(0)-t,2*${period})`;
  return [`select='if(${isDue},0*st(0,clip(ld(0),t-${period},t+${early})+${period})+1,0)'`];
}
