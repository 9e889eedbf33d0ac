import { describe, expect, it } from 'vitest';
import { isHeic } from '../../sdk/picture/heic.ts';
import { isPictureName, kindOfUnreadable, pickPictures } from '../../sdk/picture/picture-kinds.ts';

describe('isPictureName', () => {
  it.each(['a.jpg', 'A.JPEG', 'b.gif', 'c.avif', 'd.tif', 'e.TIFF', 'f.webp', 'x/y.png', 'g.jfif', 'h.svg'])(
    'takes %s',
    (name) => expect(isPictureName(name)).toBe(true),
  );
  it.each(['a.heic', 'a.mp4', 'jpg', 'a.jpg.txt', '._a.jpg', 'x/.a.png', ''])('leaves %s', (name) =>
    expect(isPictureName(name)).toBe(false),
  );
});

describe('pickPictures', () => {
  it('says what it leaves out, by name, hidden files apart', () => {
    expect(pickPictures(['b.gif', 'a.jpg', '.DS_Store', '._a.jpg'])).toEqual({ pictures: ['b.gif', 'a.jpg'] });
    const { pictures, skipped } = pickPictures(['5.mp4', '4.txt', '3.HEIC', '2.jpg', '1.raw']);
    expect(pictures).toEqual(['2.jpg']);
    expect(skipped).toContain('1.raw, 3.HEIC, 4.txt and 1 more');
    expect(skipped).toContain('heif-convert');
    expect(pickPictures(['a.jpg', 'b.txt']).skipped).not.toContain('heif-convert');
  });
});

describe('kindOfUnreadable', () => {
  const box = (brand: string, ...compatible: string[]) =>
    Buffer.concat([
      Buffer.from([0, 0, 0, 16 + 4 * compatible.length]),
      Buffer.from(`ftyp${brand}\0\0\0\0${compatible.join('')}`),
    ]);
  it.each([
    ['a video', box('isom', 'isom', 'avc1')],
    ['a video', Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 1])],
    ['a video', Buffer.from('RIFF\x10\0\0\0AVI LIST')],
    ['a PDF', Buffer.from('%PDF-1.7')],
    ['BMP', Buffer.from('BM\0\0')],
    ['JPEG XL', Buffer.from([0xff, 0x0a, 0])],
  ])('knows %s', (words, bytes) => expect(kindOfUnreadable(bytes)).toContain(words));
  it.each([
    ['AVIF', box('avif', 'mif1')],
    ['AVIF whose brand is general', box('mif1', 'avif')],
    ['JPEG', Buffer.from([0xff, 0xd8, 0xff])],
    ['a byte', Buffer.from([0])],
    ['nothing', Buffer.alloc(0)],
  ])('says nothing of %s', (_, bytes) => expect(kindOfUnreadable(bytes)).toBeUndefined());
});

describe('isHeic', () => {
  const box = (...brands: string[]) => Buffer.from(`\0\0\0\x20ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`);
  it.each([['heic'], ['heix'], ['mif1', 'mif1', 'heic'], ['msf1'], ['hevc']])('%s is', (...brands) => {
    expect(isHeic(box(...brands))).toBe(true);
  });
  it.each([['avif', 'mif1'], ['mif1', 'avif'], ['isom', 'avc1'], ['qt  ']])('%s is not', (...brands) => {
    expect(isHeic(box(...brands))).toBe(false);
  });
  it('nor is what is short', () => expect(isHeic(Buffer.from('x'))).toBe(false));
});
