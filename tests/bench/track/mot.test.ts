import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { readMot, writeMot } from '../../../tools/bench/track/mot.ts';

describe('files of the MOTChallenge', () => {
  it('are written as TrackEval reads them, and read again', () => {
    const rows = [
      { frame: 1, id: 3, box: [10, 20.25, 30.5, 60.75], score: 0.75, classNumber: 1 },
      { frame: 2, id: -1, box: [0, 0, 1, 2], score: 1, classNumber: 2 },
    ] as const;
    const text = writeMot(rows);
    expect(text).toBe('1,3,10.00,20.25,20.50,40.50,0.75,1,-1,-1\n2,-1,0.00,0.00,1.00,2.00,1,2,-1,-1\n');
    expect(readMot(text, 'gt.txt')).toEqual(rows);
    expect(writeMot([])).toBe('');
    expect(readMot('', 'gt.txt')).toEqual([]);
  });

  it('may have spaces, Windows line ends and fewer columns', () => {
    expect(readMot('1, 2, 3, 4, 5, 6\r\n\r\n', 'gt.txt')).toEqual([
      { frame: 1, id: 2, box: [3, 4, 8, 10], score: 1, classNumber: 1 },
    ]);
  });

  it.each([
    '1,2,3,4,5',
    '0,2,3,4,5,6',
    '1.5,2,3,4,5,6',
    '1,2,3,4,-5,6',
    '1,2,3,4,five,6',
    '1,,3,4,5,6',
    'frame,id,x,y,w,h',
  ])('with a line like %j are refused, and the line is named', (line) => {
    expect(() => readMot(`1,1,0,0,5,5\n${line}\n`, 'gt.txt')).toThrow(InputError);
    expect(() => readMot(`1,1,0,0,5,5\n${line}\n`, 'gt.txt')).toThrow(/gt\.txt, line 2: expected frame,id,left/);
  });
});
