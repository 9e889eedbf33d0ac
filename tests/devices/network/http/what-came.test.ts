import { describe, expect, it } from 'vitest';
import { inPlaceOfJpegs, otherMedium, whatCame } from '../../../../devices/network/http/what-came.ts';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat([...parts.map((part) => Buffer.from(part as string, 'latin1')), Buffer.alloc(400)]);
const packet = Buffer.alloc(188, 0xff);
packet[0] = 0x47;

/** How files and streams of each kind begin. */
const media: [name: RegExp, head: Buffer][] = [
  [/MP4/, bytes([0, 0, 0, 0x20], 'ftypisom')],
  [/MP4/, bytes([0, 0, 0, 0x18], 'stypmsdh')],
  [/MPEG transport stream/, Buffer.concat([packet, packet, packet])],
  [/Matroska or WebM/, bytes([0x1a, 0x45, 0xdf, 0xa3, 0x9f])],
  [/FLV/, bytes('FLV', [1, 1])],
  [/Ogg/, bytes('OggS')],
  [/MPEG program stream/, bytes([0, 0, 1, 0xba])],
];
const pictures: [name: RegExp, head: Buffer][] = [
  [/PNG/, bytes([0x89], 'PNG\r\n')],
  [/WebP/, bytes('RIFF', [1, 2, 3, 4], 'WEBP')],
  [/GIF/, bytes('GIF89a')],
  [/TIFF/, bytes('II*', [0])],
  [/AVIF/, bytes([0, 0, 0, 0x20], 'ftypavif')],
  [/HEIC/, bytes([0, 0, 0, 0x20], 'ftypheic')],
];

describe('what an address gives in place of JPEGs', () => {
  it.each(media)('is a video by its first bytes: %s', (name, head) => {
    expect(otherMedium(head)?.name).toMatch(name);
    // Whatever the server calls it.
    const said = inPlaceOfJpegs(whatCame('image/jpeg', head));
    expect(said).toMatch(/^expected an MJPEG stream .* or a JPEG picture, got an? /);
    expect(said).toMatch(name);
    expect(said).toContain('ffmpeg -nostdin -re -i URL -map 0:V:0 -c copy -f nut - | ocellus run --source -');
  });

  it.each(pictures)('is a picture of another kind: %s', (name, head) => {
    const said = inPlaceOfJpegs(whatCame('', head));
    expect(said).toMatch(name);
    expect(said).toMatch(/pictures are expected as JPEG/);
    expect(said).not.toContain('ffmpeg');
  });

  it.each([
    ['application/octet-stream', '\ufeff#EXTM3U\n#EXT-X-VERSION:3\n', /got an HLS playlist.*ffmpeg -nostdin/],
    [
      '',
      '<?xml version="1.0"?>\n<!-- made -->\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">',
      /got a DASH manifest.*ffmpeg/,
    ],
    ['text/plain', '\r\n<!DOCTYPE html><title>Camera</title>', /got a web page; the address of a picture or stream/],
    [
      'text/html',
      '<form><input name=p type="password"></form>',
      /got a web page that asks for a password; a form cannot/,
    ],
    ['', '{"error": "no\nsession"}', /got JSON: \{"error": "no session"\}; see the camera's manual/],
    ['text/plain; charset=utf-8', 'no such\tcamera', /got text\/plain; charset=utf-8: no such camera;/],
    ['application/sdp', 'v=0\r\no=- 0 0 IN IP4 127.0.0.1', /got a session description .*rtsp:\/\//],
    ['', '', /got an empty answer;/],
    ['image/jpeg', '', /got an empty answer of the type image\/jpeg;/],
    ['audio/mpeg', 'ID3\x04', /got sound without pictures \(audio\/mpeg\)/],
    ['video/mp2t', 'xx', /got an MPEG transport stream.*ffmpeg -nostdin/],
    ['application/x-thing', 'xx', /got something else, which the server calls application\/x-thing;/],
    [
      'application/octet-stream',
      '\0\0\0\x01\x06\x05',
      /got H\.264 without a container; ffmpeg reads it: curl -s URL \|/,
    ],
    ['', '\0\0\x01\x67\x42', /got H\.264 without a container/],
    ['', '\0\0\0\x01\x40\x01', /got H\.265 without a container/],
    ['', '\0\0\0\x02\x40\x01', /got something else;/],
  ])('says of %j with %j what it is', (type, text, expected) => {
    expect(inPlaceOfJpegs(whatCame(type, Buffer.from(text)))).toMatch(expected);
  });

  it('asks for an AVI as a file', () => {
    const said = inPlaceOfJpegs(whatCame('', bytes('RIFF', [1, 2, 3, 4], 'AVI LIST')));
    expect(said).toMatch(/got an AVI file; a recorded video is given as a file: curl -o video\.avi URL$/);
  });

  it('repeats only the first words of a text', () => {
    expect(whatCame('', Buffer.from(`[${'word '.repeat(1000)}]`)).name.length).toBeLessThan(120);
  });

  it('takes neither a JPEG nor words in front of one for another medium', () => {
    for (const head of [
      '\xff\xd8\xff\xe0\0\x10JFIF',
      '--frame\r\nContent-Type: image/jpeg\r\n\r\n',
      'welcome\r\n',
      'G',
    ]) {
      expect(otherMedium(Buffer.from(head, 'latin1'))).toBeUndefined();
    }
  });
});
