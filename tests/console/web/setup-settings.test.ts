import { describe, expect, it } from 'vitest';
import { FirstBootSettings } from '../../../sdk/config/first-boot.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { type SetupForm, settingsOf } from '../../../tools/console/web/src/setup/settings.ts';

const empty: SetupForm = {
  password: 'long enough',
  node: '',
  source: '',
  broker: '',
  username: '',
  brokerPassword: '',
  ca: '',
};
const given = (form: Partial<SetupForm>) => validate(FirstBootSettings, settingsOf({ ...empty, ...form }), 'the form');

describe('settingsOf', () => {
  it('leaves out what was not filled in', () => {
    expect(given({})).toEqual({ console: { password: 'long enough' } });
    // Without a broker of one's own, nothing of it.
    expect(given({ username: 'x', brokerPassword: 'y' })).toEqual({ console: { password: 'long enough' } });
  });

  it('has what was filled in under the names of the settings', () => {
    const broker = { broker: 'mqtts://home', username: 'porch', brokerPassword: 'token', ca: 'PEM' };
    expect(given({ node: 'porch', source: 'scene:', ...broker })).toEqual({
      node: 'porch',
      cameras: { camera: { source: 'scene:' } },
      mqtt: { broker: 'mqtts://home', username: 'porch', password: 'token', tls: { ca: 'PEM' } },
      console: { password: 'long enough' },
    });
  });
});
