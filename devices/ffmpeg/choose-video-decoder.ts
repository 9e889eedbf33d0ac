import { askProgram } from '../programs/ask-program.ts';
import { type DecoderTrial, tryDecoders } from './video-decoder-trial.ts';

/** A stream that is to be decoded. */
export interface Encoded {
  /** ffmpeg's options for the input, in front of `-i`. */
  readonly input: readonly string[];
  /** What follows `-i`. */
  readonly url: string;
  /** As ffmpeg calls it; absent: it is looked into. */
  readonly codec?: string;
}

/** Tried once, when the first stream asks. */
let trying: Promise<DecoderTrial[]> | undefined;

/** The hardware decoder for a stream, if this machine has one that works. */
export async function chooseDecoder({ input, url, codec }: Encoded): Promise<DecoderTrial | undefined> {
  trying ??= tryDecoders();
  const able = (await trying).filter(({ problem }) => problem === undefined);
  if (able.length === 0) return undefined;
  const found = codec ?? (await codecOf(input, url));
  return able.find((one) => one.codec === found);
}

async function codecOf(input: readonly string[], url: string): Promise<string | undefined> {
  const show = ['-select_streams', 'V:0', '-show_entries', 'stream=codec_name', '-of', 'default=nw=1:nk=1'];
  const answer = await askProgram('ffprobe', ['-v', 'error', ...input, ...show, '-i', url]);
  return answer?.split('\n')[0]?.trim();
}
