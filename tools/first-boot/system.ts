import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { isRedacted, type Preseed, type Wlan, wlanIn, wpaSupplicantText } from './preseed.ts';

/** The board's own radio; Debian gives it no other name. */
const radio = 'wlan0';
const wlanFile = `/etc/wpa_supplicant/wpa_supplicant-${radio}.conf`;

/** Runs a program of the system that is set up. Rejects when it fails, with what it said. */
export type RunProgram = (program: string, args: readonly string[], input?: string) => Promise<string>;

export interface SystemOptions {
  /** The root of the system, `/` while it runs. */
  readonly root: string;
  /** Default: in `root`, by `chroot` unless that is `/`. */
  readonly run?: RunProgram;
}

/**
 * Applies what rpi-preseed's file says of the system: host name, user, SSH, Wi-Fi, time zone and keyboard. May be called
 * again with other values. What the file leaves out stays as it is.
 *
 * @returns A line for each part that could not be applied; the others are.
 */
export async function applyPreseed(
  preseed: Preseed,
  wlan: Wlan | undefined,
  options: SystemOptions,
): Promise<string[]> {
  const system = new System(options);
  const faults: string[] = [];
  const parts: [name: string, apply: () => Promise<void>][] = [
    ['system.hostname', () => system.name(preseed.system?.hostname)],
    ['user', () => system.user(preseed.user)],
    ['ssh', () => system.ssh(preseed)],
    ['wlan', () => system.join(wlan, preseed.wlan?.country)],
    ['locale.timezone', () => system.timezone(preseed.locale?.timezone)],
    ['locale.keymap', () => system.keymap(preseed.locale?.keymap)],
  ];
  for (const [name, apply] of parts) {
    await apply().catch((error: unknown) => {
      faults.push(`${name}: ${messageOf(error)}`);
    });
  }
  return faults;
}

/** The network that was set before, to take its secret from. */
export async function readWlan(root: string): Promise<Wlan | undefined> {
  const text = await readFile(join(root, wlanFile), 'utf8').catch(() => '');
  return wlanIn(text);
}

/**
 * Why the Wi-Fi that was asked for is not there, by what the kernel says of it. It takes a while after the start.
 *
 * @returns Undefined where it is there, or none was asked for.
 */
export async function wirelessFault(root: string): Promise<string | undefined> {
  const text = await readFile(join(root, wlanFile), 'utf8').catch(() => '');
  const ssid = /^\s*ssid=([0-9a-f]+)$/m.exec(text)?.[1];
  if (ssid === undefined) return undefined;
  const state = await readFile(join(root, `/sys/class/net/${radio}/operstate`), 'utf8').catch(() => undefined);
  if (state === undefined) return 'this board has no Wi-Fi; the network is there by cable alone';
  if (state.trim() === 'up') return undefined;
  const name = JSON.stringify(Buffer.from(ssid, 'hex').toString());
  return `the network ${name} was not joined; correct its name, its password or the country`;
}

class System {
  readonly #root: string;
  readonly #run: RunProgram;

  constructor({ root, run }: SystemOptions) {
    this.#root = root;
    this.#run = run ?? runnerIn(root);
  }

  async name(hostname: string | undefined): Promise<void> {
    if (hostname === undefined) return;
    await this.#write('/etc/hostname', `${hostname}\n`);
    const hosts = await this.#read('/etc/hosts');
    const others = hosts.split('\n').filter((line) => line !== '' && !/^127\.0\.1\.1\s/.test(line));
    const first = others.length > 0 ? others : ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback'];
    await this.#write('/etc/hosts', `${[...first, `127.0.1.1\t${hostname}`].join('\n')}\n`);
    // It was read from /etc long before.
    if (this.#isRunning) await this.#run('hostname', [hostname]);
  }

  async user(user: Preseed['user']): Promise<void> {
    if (user?.name === undefined) return;
    const { name, password, groups = [] } = user;
    if (!(await this.#has('/etc/passwd', name))) {
      await this.#run('useradd', ['--create-home', '--shell', '/bin/bash', name]);
    }
    if (password !== undefined && password !== '' && !isRedacted(password)) {
      const hash = user.password_encrypted
        ? password
        : (await this.#run('openssl', ['passwd', '-6', '-stdin'], `${password}\n`)).trim();
      if (!/^\$[^:\s]+$/.test(hash)) throw new Error('expected a hash of crypt(5) with password_encrypted');
      await this.#run('chpasswd', ['--encrypted'], `${name}:${hash}\n`);
    }
    for (const group of groups) {
      // As rpi-preseed does: an image may not have it.
      if (await this.#has('/etc/group', group)) await this.#run('usermod', ['--append', '--groups', group, name]);
    }
    if (user.passwordless_sudo) {
      await this.#write(`/etc/sudoers.d/010_${name}-nopasswd`, `${name} ALL=(ALL) NOPASSWD: ALL\n`, 0o440);
    }
  }

  /** Only who has a key may log in, or who was given a password of their own and asked for that. */
  async ssh({ ssh, user }: Preseed): Promise<void> {
    if (ssh === undefined) return;
    const keys = (ssh.authorized_keys ?? []).filter((key) => key.trim() !== '');
    const byPassword = ssh.password_authentication === true && Boolean(user?.password);
    const isOn = ssh.enabled !== false && (keys.length > 0 || byPassword);
    if (!isOn) {
      await this.#run('systemctl', ['disable', ...this.#now, 'ssh.service']);
      if (ssh.enabled) throw new Error('it stays off: expected a key in authorized_keys, or a password of the user');
      return;
    }
    if (keys.length > 0) {
      if (user?.name === undefined) throw new Error('user.name: expected the user whose keys these are');
      await this.#authorize(user.name, keys);
    }
    await this.#write(
      '/etc/ssh/sshd_config.d/10-ocellus.conf',
      `PermitRootLogin no\nPasswordAuthentication ${byPassword ? 'yes' : 'no'}\nKbdInteractiveAuthentication no\n`,
    );
    await this.#run('ssh-keygen', ['-A']);
    await this.#run('systemctl', ['enable', ...this.#now, 'ssh.service']);
  }

  async join(network: Wlan | undefined, country: string | undefined): Promise<void> {
    if (network === undefined) return;
    await this.#write(wlanFile, wpaSupplicantText(network, country), 0o600);
    const unit = `wpa_supplicant@${radio}.service`;
    await this.#run('systemctl', ['enable', unit]);
    if (this.#isRunning) await this.#run('systemctl', ['restart', '--no-block', unit]);
  }

  async timezone(zone: string | undefined): Promise<void> {
    if (zone === undefined) return;
    const file = `/usr/share/zoneinfo/${zone}`;
    if (!(await stat(this.#at(file)).catch(() => undefined))?.isFile()) {
      throw new Error(`expected a time zone such as Europe/London, got ${zone}`);
    }
    await rm(this.#at('/etc/localtime'), { force: true });
    await symlink(`..${file}`, this.#at('/etc/localtime'));
    await this.#write('/etc/timezone', `${zone}\n`);
  }

  async keymap(layout: string | undefined): Promise<void> {
    if (layout === undefined) return;
    await this.#write('/etc/default/keyboard', `XKBMODEL="pc105"\nXKBLAYOUT="${layout}"\nBACKSPACE="guess"\n`);
  }

  get #isRunning(): boolean {
    return this.#root === '/';
  }

  /** It may not wait: what it starts may be ordered after this process. */
  get #now(): string[] {
    return this.#isRunning ? ['--now', '--no-block'] : [];
  }

  async #authorize(name: string, keys: readonly string[]): Promise<void> {
    const line = (await this.#read('/etc/passwd')).split('\n').find((text) => text.startsWith(`${name}:`));
    const [, , uid, gid, , home] = line?.split(':') ?? [];
    if (home === undefined) throw new Error(`there is no user ${name}`);
    const folder = this.#at(join(home, '.ssh'));
    const file = join(folder, 'authorized_keys');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, `${keys.map((key) => key.trim()).join('\n')}\n`, { mode: 0o600 });
    for (const path of [folder, file]) await chown(path, Number(uid), Number(gid));
  }

  #at(path: string): string {
    return join(this.#root, path);
  }

  async #has(list: string, name: string): Promise<boolean> {
    return (await this.#read(list)).split('\n').some((line) => line.startsWith(`${name}:`));
  }

  #read(path: string): Promise<string> {
    return readFile(this.#at(path), 'utf8').catch(() => '');
  }

  async #write(path: string, text: string, mode = 0o644): Promise<void> {
    const file = this.#at(path);
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, text, mode);
    await chmod(file, mode);
  }
}

/** Programs of this machine, or of another root by `chroot`. */
function runnerIn(root: string): RunProgram {
  return (program, args, input = '') => {
    const [file, all] = root === '/' ? [program, args] : ['chroot', [root, program, ...args]];
    return runProgram(file, all, input);
  };
}

/** @returns What it printed. Rejects when it fails, with the end of what it said. */
export function runProgram(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ended with ${signal ?? code}: ${err.trim().split('\n').at(-1) ?? ''}`));
    });
  });
}
