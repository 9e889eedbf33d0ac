import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFolder } from '../../sdk/config/data-folder.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';

const home = join(homedir(), '.local', 'share', 'ocellus', 'porch');

describe('dataFolder', () => {
  it.each([
    ['the setting', '/srv/cameras', { OCELLUS_DATA: '/a', STATE_DIRECTORY: '/b' }, '/srv/cameras/porch'],
    ['OCELLUS_DATA', undefined, { OCELLUS_DATA: '/a', STATE_DIRECTORY: '/b', XDG_DATA_HOME: '/c' }, '/a/porch'],
    ['OCELLUS_DATA from here', undefined, { OCELLUS_DATA: 'a' }, resolve('a', 'porch')],
    ['the folder of a service', undefined, { STATE_DIRECTORY: '/b', XDG_DATA_HOME: '/c' }, '/b/porch'],
    ['the first of several', undefined, { STATE_DIRECTORY: '/b:/d' }, '/b/porch'],
    ['XDG_DATA_HOME', undefined, { XDG_DATA_HOME: '/c' }, '/c/ocellus/porch'],
    ['home where XDG_DATA_HOME is not absolute', undefined, { XDG_DATA_HOME: 'c' }, home],
    ['home where all are empty', undefined, { OCELLUS_DATA: '', STATE_DIRECTORY: '', XDG_DATA_HOME: '' }, home],
  ])('is %s', (_, data, env, folder) => {
    expect(dataFolder({ node: 'porch', data }, env)).toBe(folder);
  });

  it.each(['cameras', '~/cameras', ''])('wants an absolute path, not %j', (data) => {
    expect(() => resolveSettings({ data })).toThrow(/data: expected text that fits \^\//);
  });
});
