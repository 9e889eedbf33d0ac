import { describe, expect, it } from 'vitest';
import { LiveDevice } from '../../devices/live.ts';
import { StreamError } from '../../devices/stream.ts';
import { onlyPrograms } from './fake.ts';

class Unreadable extends LiveDevice {
  protected async command() {
    const parser = () => {
      throw new StreamError('no frame is that large');
    };
    return { program: 'camera-program', args: [], install: 'install it', parser };
  }

  protected identity(): never {
    throw new Error('it has no stream');
  }
}

describe('LiveDevice', () => {
  it('starts no program whose stream it cannot read', async () => {
    // Were it started, it would be missed.
    onlyPrograms();
    await expect(new Unreadable('unreadable:').open()).rejects.toThrow('unreadable: no frame is that large');
  });
});
