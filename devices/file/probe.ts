import { askProgram } from '../programs/ask-program.ts';

/** A stream of a file that could be shown. */
export interface VideoStream {
  readonly index: number;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** As ffmpeg calls it: `bt709`. */
  readonly colourSpace?: string;
}

/** What a file holds. */
export interface FileContents {
  /** The largest one; undefined where there is none. */
  readonly video?: VideoStream;
  /** What else there is, for a person: `audio (mp3)`. */
  readonly others: readonly string[];
}

/** Asks ffprobe. @returns Undefined where it is missing, or cannot read the file. */
export async function probeFile(input: readonly string[], url: string): Promise<FileContents | undefined> {
  const fields =
    'index,codec_type,codec_name,width,height,color_space:stream_disposition=attached_pic,timed_thumbnails';
  const show = ['-show_entries', `stream=${fields}`, '-of', 'json'];
  const answer = await askProgram('ffprobe', ['-v', 'quiet', ...input, ...show, '-i', url]);
  let streams: unknown;
  try {
    ({ streams } = JSON.parse(answer ?? '') as { streams?: unknown });
  } catch {
    return undefined;
  }
  if (!Array.isArray(streams) || streams.length === 0) return undefined;
  const described = streams as ProbedStream[];
  // A cover, and thumbnails for the player's bar, are no video.
  const isVideo = ({ codec_type, disposition }: ProbedStream) =>
    codec_type === 'video' && !disposition?.attached_pic && !disposition?.timed_thumbnails;
  const area = ({ width = 0, height = 0 }: ProbedStream) => width * height;
  const [video] = described.filter(isVideo).sort((a, b) => area(b) - area(a));
  const others = described
    .filter((stream) => !isVideo(stream))
    .map(({ codec_type, codec_name }) => `${codec_type === 'video' ? 'a picture' : codec_type} (${codec_name})`);
  if (!video) return { others };
  const { index, codec_name: codec = '', width = 0, height = 0, color_space: colourSpace } = video;
  return { video: { index, codec, width, height, colourSpace }, others };
}

interface ProbedStream {
  readonly index: number;
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly color_space?: string;
  readonly disposition?: { readonly attached_pic?: number; readonly timed_thumbnails?: number };
}
