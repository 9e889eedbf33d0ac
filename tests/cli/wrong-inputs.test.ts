import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { ocellus } from './cli.ts';

/** An output that is made for an input that is not there has to be removed before the command is repeated, or is taken for a result. */
describe('a wrong input leaves no output behind', () => {
  it.each([
    { name: 'a store', args: ['teach', '--label', 'mug', 'absent', '--store'], message: 'there is no such file' },
    {
      name: 'a store of text',
      args: ['teach', '--label', 'mug', 'text.jpg', '--store'],
      message: 'expected JPEG, PNG',
    },
    { name: 'pictures with boxes', args: ['detect', 'absent', '--out'], message: 'there is no such file' },
    {
      name: 'pictures of no model',
      args: ['detect', '--model', 'none', 'x.svg', '--out'],
      message: 'there is no model',
    },
    {
      name: 'a table',
      args: ['detect', 'absent', '--parquet'],
      message: 'absent: expected a picture or a folder of them',
    },
    { name: 'a table of a pipe', args: ['detect', 'pipe.jpg', '--parquet'], message: 'got a pipe; write what comes' },
    {
      name: 'a store of a pipe',
      args: ['teach', '--table', 'pipe.jpg', '--store'],
      message: 'got a pipe; write what comes',
    },
    { name: 'a recording', args: ['record', 'file:absent.mp4', '--out'], message: 'absent.mp4 does not exist' },
    { name: 'a SequenceFile', args: ['pack', 'lost'], message: 'none of the pictures could be read' },
    {
      name: 'an export',
      args: ['learn', 'export', '--store', 'absent'],
      message: 'absent: expected a store of examples',
    },
  ])('$name', async ({ args, message }) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'text.jpg'), 'hello');
    writeFileSync(join(folder, 'x.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
    mkdirSync(join(folder, 'lost'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'lost', 'lost.jpg'));
    const { code, out, err } = await ocellus([...args, 'made'], folder);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(existsSync(join(folder, 'made'))).toBe(false);
    expect(existsSync(join(folder, 'absent'))).toBe(false);
  });
});
