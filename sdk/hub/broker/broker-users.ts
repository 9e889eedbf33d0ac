import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Attempts } from '../../access/attempts.ts';
import { PasswordCheck } from '../../access/password.ts';

/** CONNACK codes of MQTT 3.1.1. */
const unavailable = 3;
const wrongLogin = 4;

/** Who may use the embedded broker. Wrong passwords are limited per address and in total. */
export class BrokerUsers {
  /** Of this process itself. A name that the settings cannot have. */
  readonly own: { readonly username: string; readonly password: string };
  readonly #checks: ReadonlyMap<string, PasswordCheck>;
  readonly #attempts = new Attempts();
  readonly #own: Buffer;

  private constructor(checks: ReadonlyMap<string, PasswordCheck>) {
    this.#checks = checks;
    this.own = { username: '$ocellus', password: randomBytes(32).toString('base64url') };
    this.#own = Buffer.from(this.own.password);
  }

  /**
   * @param hashes By user name. @returns Undefined without users. @throws InputError naming the user whose hash is
   * invalid.
   */
  static of(hashes: Readonly<Record<string, string>>): BrokerUsers | undefined {
    const checks = new Map(
      Object.entries(hashes).map(([name, hash]) => [name, new PasswordCheck(hash, `mqtt.users.${name}`)]),
    );
    return checks.size === 0 ? undefined : new BrokerUsers(checks);
  }

  /** @returns The code of CONNACK, or undefined when accepted. Never throws. */
  async refusal(address: string, username?: string, password?: Readonly<Buffer>): Promise<number | undefined> {
    if (username === undefined || password === undefined) return wrongLogin;
    const given = Buffer.from(password);
    if (username === this.own.username) {
      return given.length === this.#own.length && timingSafeEqual(given, this.#own) ? undefined : wrongLogin;
    }
    if (this.#attempts.take(address) > 0) return unavailable;
    const [first] = this.#checks.values();
    const user = this.#checks.get(username);
    // An unknown name takes as long as a wrong password, so the two cannot be told apart.
    const verdict = await (user ?? first!).check(given.toString());
    if (verdict === 'busy' || (verdict === 'right' && user)) this.#attempts.giveBack(address);
    if (verdict === 'busy') return unavailable;
    return verdict === 'right' && user ? undefined : wrongLogin;
  }
}
