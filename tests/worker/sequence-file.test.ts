import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { SequenceFile, variable } from '../../tools/worker/sequence-file.ts';

describe('SequenceFile', () => {
  it('has the head of version 6 without compression, then records of Text and BytesWritable', () => {
    const file = new SequenceFile('album');
    const names = '\x19org.apache.hadoop.io.Text\x22org.apache.hadoop.io.BytesWritable';
    expect(file.head.subarray(0, -16).toString('latin1')).toBe(`SEQ\x06${names}\0\0\0\0\0\0`);
    // Length of both, length of the key; the key; the value.
    expect(file.record('é.jpg', Buffer.from('abc')).toString('hex')).toBe(
      ['0000000e', '00000007', '06c3a92e6a7067', '00000003', '616263'].join(''),
    );
    expect(file.record('', Buffer.alloc(0)).toString('hex')).toBe(['00000005', '00000001', '00', '00000000'].join(''));
  });

  it('has its mark before a record once 100 kB have passed, and not more often', () => {
    const file = new SequenceFile('album');
    const mark = Buffer.concat([Buffer.from('ffffffff', 'hex'), file.head.subarray(-16)]);
    const begins = Array.from({ length: 6 }, () => file.record('a', Buffer.alloc(40_000)).subarray(0, 20).equals(mark));
    expect(begins).toEqual([false, false, false, true, false, false]);
    expect(new SequenceFile('another').head.subarray(-16).equals(file.head.subarray(-16))).toBe(false);
  });

  it('writes lengths as Hadoop does', () => {
    const hex = [0, 127, 128, 255, 256, 65_535, 65_536].map((value) => variable(value).toString('hex'));
    expect(hex).toEqual(['00', '7f', '8f80', '8fff', '8e0100', '8effff', '8d010000']);
  });

  it('refuses what no record can hold', () => {
    // Of so many bytes in name only: nothing of them is read.
    const huge = { length: 2 ** 31 } as Uint8Array;
    expect(() => new SequenceFile('a').record('huge.tif', huge)).toThrow(InputError);
  });
});
