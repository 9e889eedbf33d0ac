/** The longest picture that is gathered; one without an end is none. */
const mostBytes = 32 * 1024 * 1024;
/** Where the words between two pictures are looked for, before the second. */
const mostWords = 1024;

const marker = 0xff;
const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
const endMark = Buffer.from([marker, endOfImage]);
/** Of JPEG: it has no length, and stands alone. */
const isAlone = (code: number) => code === 0x01 || (code >= 0xd0 && code <= 0xd7);

/**
 * Finds the JPEGs in a stream of parts (multipart/x-mixed-replace). It looks at nothing but the pictures: each is read from
 * marker to marker, and is complete at its end. So it takes what cameras send: boundaries with dashes too many or too few,
 * or none; line feeds alone; parts without a type or a length, or with wrong ones; text before, between and behind.
 *
 * @see ITU-T T.81, annex B
 */
export class JpegFinder {
  readonly #onJpeg: (jpeg: Buffer) => void;
  /** Larger than what it holds, so that each byte is copied a few times, not once for each chunk behind it. */
  #store: Buffer<ArrayBuffer> = Buffer.alloc(64 * 1024);
  #from = 0;
  /** What was not read yet, or belongs to the picture that is read: it begins at 0 then. */
  #bytes: Buffer<ArrayBuffer> = this.#store.subarray(0, 0);
  /** How far `#bytes` was read. */
  #at = 0;
  #state: 'outside' | 'segments' | 'scan' = 'outside';
  #dropped = 0;

  constructor(onJpeg: (jpeg: Buffer) => void) {
    this.#onJpeg = onJpeg;
  }

  /** Pictures that were broken off, or too long, since it was asked the last time. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  write(chunk: Uint8Array): void {
    const size = this.#bytes.length + chunk.length;
    if (this.#from + size > this.#store.length) {
      const store = size > this.#store.length / 2 ? Buffer.allocUnsafe(size * 2) : this.#store;
      this.#bytes.copy(store);
      this.#store = store;
      this.#from = 0;
    }
    this.#store.set(chunk, this.#from + this.#bytes.length);
    this.#bytes = this.#store.subarray(this.#from, this.#from + size);
    while (this.#step());
    if (this.#bytes.length <= mostBytes) return;
    this.#dropped++;
    this.#skip(this.#bytes.length);
  }

  /** Nothing more follows: a picture whose scan has begun ends here, without its end mark. */
  end(): void {
    if (this.#state === 'outside') return;
    const jpeg = this.#state === 'scan' ? Buffer.concat([this.#bytes, endMark]) : undefined;
    if (!jpeg) this.#dropped++;
    this.#skip(this.#bytes.length);
    if (jpeg) this.#onJpeg(jpeg);
  }

  /** @returns False where more bytes are needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'outside':
        return this.#findStart();
      case 'segments':
        return this.#readSegment();
      case 'scan':
        return this.#readScan();
    }
  }

  #findStart(): boolean {
    for (let at = this.#bytes.indexOf(marker); at >= 0; at = this.#bytes.indexOf(marker, at + 1)) {
      // The next marker comes at once: two bytes alone may be anything.
      if (at + 2 >= this.#bytes.length) {
        this.#skip(at);
        return false;
      }
      if (this.#bytes[at + 1] !== startOfImage || this.#bytes[at + 2] !== marker) continue;
      this.#skip(at);
      this.#at = 2;
      this.#state = 'segments';
      return true;
    }
    this.#skip(this.#bytes.length);
    return false;
  }

  #readSegment(): boolean {
    if (this.#bytes.length < this.#at + 2) return false;
    const code = this.#bytes[this.#at + 1]!;
    if (this.#bytes[this.#at] !== marker) return this.#giveUp(2);
    if (code === endOfImage) {
      this.#end();
    } else if (code === startOfImage) {
      // The one before was broken off.
      return this.#giveUp(this.#at);
    } else if (code === marker) {
      // Any number of fill bytes may stand before a marker.
      this.#at++;
    } else if (isAlone(code)) {
      this.#at += 2;
    } else {
      if (this.#bytes.length < this.#at + 4) return false;
      const length = this.#bytes.readUInt16BE(this.#at + 2);
      if (length < 2) return this.#giveUp(2);
      if (this.#bytes.length < this.#at + 2 + length) return false;
      this.#at += 2 + length;
      if (code === startOfScan) this.#state = 'scan';
    }
    return true;
  }

  #readScan(): boolean {
    const at = this.#bytes.indexOf(marker, this.#at);
    if (at < 0 || at + 2 >= this.#bytes.length) {
      const isEnd = at >= 0 && this.#bytes[at + 1] === endOfImage;
      this.#at = at < 0 ? this.#bytes.length : at;
      if (isEnd) this.#end();
      return isEnd;
    }
    const [code, next] = [this.#bytes[at + 1]!, this.#bytes[at + 2]!];
    this.#at = at;
    if (code === startOfImage && next === marker) this.#endWithoutMark(at);
    // A stuffed byte, a restart, a fill byte, or a damaged one: the scan goes on.
    else if (code === marker) this.#at++;
    else if (code === 0 || code === startOfImage || isAlone(code)) this.#at += 2;
    else this.#state = 'segments';
    return true;
  }

  /** Some cameras leave the end mark out: the picture ends where the words before the next one begin. */
  #endWithoutMark(at: number): void {
    const from = Math.max(0, at - mostWords);
    const words = this.#bytes.subarray(from, at).lastIndexOf('\n--');
    const jpeg = Buffer.concat([this.#bytes.subarray(0, words < 0 ? at : from + words), endMark]);
    this.#skip(at);
    this.#onJpeg(jpeg);
  }

  #end(): void {
    const length = this.#at + 2;
    const jpeg = Buffer.from(this.#bytes.subarray(0, length));
    this.#skip(length);
    this.#onJpeg(jpeg);
  }

  /** Not a JPEG after all, or an incomplete one: scanning restarts after it. */
  #giveUp(length: number): boolean {
    this.#dropped++;
    this.#skip(length);
    return true;
  }

  #skip(length: number): void {
    this.#bytes = this.#bytes.subarray(length);
    this.#from += length;
    this.#at = 0;
    this.#state = 'outside';
  }
}
