import { InputError } from '../../base/errors.ts';
import { isTemporary, tooLarge } from './reason-codes.ts';

/** A publish or a subscription that the broker refused. */
export class RefusedError extends InputError {
  override name = 'RefusedError';
  /** It may accept the same at another time. */
  readonly isTemporary: boolean;
  readonly isTooLarge: boolean;
  /** It was not sent; whether it is to blame for connections that ended is not known before another one is accepted. */
  readonly isOpen: boolean;

  /** @param code Reason code of MQTT 5. */
  constructor(message: string, code?: number, isOpen = false) {
    super(message);
    this.isOpen = isOpen;
    this.isTemporary = code !== undefined && isTemporary(code);
    this.isTooLarge = code === tooLarge;
  }
}
