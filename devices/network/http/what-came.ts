/** What an answer that holds no JPEG is read for: its first bytes, and of a page whether a password is asked for in it. */
export const headBytes = 64 * 1024;
/** With this many its kind is known, if it is a file's or a stream's. */
export const leastHeadBytes = 384;
/** Of a text that is repeated in a message. */
const longestQuote = 100;

/** What came in place of JPEGs. */
export interface Other {
  /** In words: `an MP4 file`. */
  readonly name: string;
  /** ffmpeg reads it. */
  readonly isVideo?: boolean;
  /** What to do, where it is no video. */
  readonly advice?: string;
}

const startMark = Buffer.from([0, 0, 1]);
const asVideo = (name: string): Other => ({ name, isVideo: true });
const asPicture = (name: string): Other => ({
  name,
  advice: 'pictures are expected as JPEG: set the camera to that, or see its manual for the path of its JPEGs',
});
const hls = asVideo('an HLS playlist (.m3u8)');
const dash = asVideo('a DASH manifest (.mpd)');
const mpegTs = asVideo('an MPEG transport stream');
/** It tells no times that could be copied, and is complete at its end alone. */
const avi: Other = { name: 'an AVI file', advice: 'a recorded video is given as a file: curl -o video.avi URL' };
const mp4 = asVideo('an MP4 file or stream');

/**
 * A video, a playlist or a picture of another kind, by how it begins; undefined for all else, which may be words in front of a
 * JPEG.
 */
export function otherMedium(head: Buffer): Other | undefined {
  const four = head.toString('latin1', 0, 4);
  const brand = head.toString('latin1', 8, 12);
  const box = head.toString('latin1', 4, 8);
  if (box === 'ftyp' && /^(avif|avis)$/.test(brand)) return asPicture('an AVIF picture');
  if (box === 'ftyp' && /^(heic|heix|mif1|msf1)$/.test(brand)) return asPicture('an HEIC picture');
  if (/^(ftyp|styp|moov|moof|sidx)$/.test(box)) return mp4;
  // Packets of 188 bytes.
  if ([0, 188].every((at) => head[at] === 0x47) && (head.length <= 376 || head[376] === 0x47)) return mpegTs;
  if (four === '\x1a\x45\xdf\xa3') return asVideo('a Matroska or WebM file or stream');
  if (four.startsWith('FLV')) return asVideo('an FLV file or stream');
  if (four === 'OggS') return asVideo('an Ogg file or stream');
  if (four === 'RIFF' && brand === 'AVI ') return avi;
  if (four === 'RIFF' && brand === 'WEBP') return asPicture('a WebP picture');
  if (four === '\x00\x00\x01\xba') return asVideo('an MPEG program stream');
  if (four === '\x89PNG') return asPicture('a PNG picture');
  if (four === 'GIF8') return asPicture('a GIF picture');
  if (/^(II\*\0|MM\0\*)/.test(four)) return asPicture('a TIFF picture');
  return undefined;
}

/**
 * What an answer is in which no JPEG was found.
 *
 * @param type Its `Content-Type`, empty where it has none.
 * @param head Its first bytes, `headBytes` at most.
 */
export function whatCame(type: string, head: Buffer): Other {
  const medium = otherMedium(head);
  if (medium) return medium;
  const text = head.toString('utf8').replace(/^[\ufeff\s]+/, '');
  const told = type.slice(0, 80).trim();
  if (head.length === 0) return { name: `an empty answer${told && ` of the type ${told}`}` };
  if (text.startsWith('#EXTM3U')) return hls;
  if (/^(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?<MPD\b/.test(text)) return dash;
  if (/^(<!doctype html|<html|<head|<body)/i.test(text) || /^\s*(text\/html|application\/xhtml)/i.test(type)) {
    return page(text);
  }
  if (/^[{[]/.test(text)) return { name: `JSON: ${quote(text)}` };
  if (/^v=0\r?\n/.test(text)) return { name: 'a session description (SDP)', advice: 'give its rtsp:// address' };
  if (/^\s*(text\/|application\/(json|xml))/i.test(type)) return { name: `${told}: ${quote(text)}` };
  return bare(head) ?? byType(told);
}

/** Codecs' units by themselves: a start mark, then one with parameters, a delimiter or a remark, as encoders begin. */
function bare(head: Buffer): Other | undefined {
  const mark = head.indexOf(startMark);
  const [unit, next] = mark === 0 || (mark === 1 && head[0] === 0) ? head.subarray(mark + 3, mark + 5) : [];
  const asBare = (codec: string): Other => ({
    name: `${codec} without a container`,
    advice: 'ffmpeg reads it: curl -s URL | ocellus run --source - (or ocellus watch -)',
  });
  if (unit === undefined) return undefined;
  if (next === 1 && [0x40, 0x46, 0x4e].includes(unit)) return asBare('H.265');
  return (unit & 0x80) === 0 && [6, 7, 9].includes(unit & 0x1f) ? asBare('H.264') : undefined;
}

function page(text: string): Other {
  const isLogin = /<input\b[^>]*\btype\s*=\s*["']?password\b/i.test(text);
  if (!isLogin)
    return { name: 'a web page', advice: "the address of a picture or stream is expected: see the camera's manual" };
  return {
    name: 'a web page that asks for a password',
    advice:
      "a form cannot be filled in: see the camera's manual for the address of its stream, which takes user and password as http://user:password@host/path",
  };
}

/** What is not known by its bytes may be by what the server calls it. */
function byType(type: string): Other {
  if (/mpegurl/i.test(type)) return hls;
  if (/dash\+xml/i.test(type)) return dash;
  if (/^video\/mp2t\b/i.test(type)) return mpegTs;
  if (/^video\/(mp4|quicktime)\b/i.test(type)) return mp4;
  if (/^audio\//i.test(type)) return { name: `sound without pictures (${type})` };
  if (/^image\/(?!jpe?g\b)/i.test(type)) return asPicture(`what the server calls ${type}`);
  return { name: type ? `something else, which the server calls ${type}` : 'something else' };
}

function quote(text: string): string {
  const line = text
    .slice(0, 4 * longestQuote)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > longestQuote ? `${line.slice(0, longestQuote)}…` : line;
}

/** Says what came, and what to do with it. */
export function inPlaceOfJpegs({ name, isVideo, advice }: Other): string {
  const what = `expected an MJPEG stream (multipart/x-mixed-replace) or a JPEG picture, got ${name}`;
  if (isVideo) {
    return `${what}; ffmpeg reads it: ffmpeg -nostdin -re -i URL -map 0:V:0 -c copy -f nut - | ocellus run --source - (or ocellus watch -)`;
  }
  return `${what}; ${advice ?? "see the camera's manual for the path"}`;
}
