import { maskCredentials } from '../../sdk/base/credentials.ts';
import { InputError } from '../../sdk/base/errors.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import type { Loss, LossCause } from '../device/loss.ts';
import { LiveDevice } from '../ffmpeg/live.ts';

/** A camera that is named by a URL, with the user's name and password if it wants them. */
export abstract class NetworkCamera extends LiveDevice {
  protected readonly url: string;
  readonly #kind: string;

  constructor(kind: string, url: string, options?: DeviceOptions) {
    super(url, options);
    this.#kind = kind;
    this.url = url;
  }

  /** @throws InputError when it is no URL that may be shown to a program. */
  protected assertUrl(): void {
    const { url } = this;
    // Node mends an address without a host, and takes control characters out of it; ffmpeg does neither.
    const isWhole = /^[a-z]+:\/\/[^/?#\\]/i.test(url) && !/\p{Cc}/u.test(url);
    if (!isWhole || !URL.canParse(url) || new URL(url).host === '' || hasStrayAt(new URL(url))) {
      throw new InputError(
        `expected ${this.#kind}://[user:password@]host[:port]/path; write / @ : # in a password as %2F %40 %3A %23`,
      );
    }
    // A password is told from the words around it, in what ffmpeg says, by what no URL holds.
    if (/[\s"'<>]/.test(url.slice(0, url.lastIndexOf('@') + 1))) {
      throw new InputError(`expected a URL; write space " ' < > in a password as %20 %22 %27 %3C %3E`);
    }
  }

  protected identity(): Pick<DeviceProperties, 'kind' | 'title'> {
    const { host, pathname } = new URL(this.url);
    return { kind: this.#kind, title: maskCredentials(`${host}${pathname}`) };
  }

  protected override explain({ reason, said = '', cause = causeIn(said) }: Loss): string {
    const told = said.replace(ffmpegsOwn, '');
    switch (cause) {
      case 'login':
        return `the camera asks for a user and a password (${this.#kind}://user:password@host/path), or refuses those given; ${told}`;
      case 'path':
        return `the camera has no stream of this path, see its manual; ${told}`;
      case 'no video':
        return `the camera sends no video, but sound or data alone: switch its video on, or see its manual for the path; ${told}`;
      case 'no answer':
        return `the camera does not answer: is it on, and are host and port right? ${told}`;
      default:
        return reason;
    }
  }
}

/** What only who knows ffmpeg understands: of ffmpeg 5, and of 7. */
const ffmpegsOwn =
  /\?timeout=\d+|: pipe:0: End of file|; To ignore this, add a trailing '\?' to the map\.|[:;] Error opening input( files?)?( pipe:0\.?|: End of file)/g;

/** As ffmpeg says them, which has words alone: a bare number may be a port, "not found" a program. */
function causeIn(said: string): LossCause | undefined {
  if (/(failed:|returned|error) 401\b/.test(said)) return 'login';
  if (/(failed:|returned|error) 404\b/.test(said)) return 'path';
  if (/does not contain any stream|matches no streams/.test(said)) return 'no video';
  return /refused|No route|timed out|resolve|unreachable/i.test(said) ? 'no answer' : undefined;
}

/** A part of the password was taken for the host, and would be shown as such. */
function hasStrayAt({ username, pathname, search, hash }: URL): boolean {
  return username !== '' && `${pathname}${search}${hash}`.includes('@');
}
