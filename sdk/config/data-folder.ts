import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { assertShape } from '../base/arguments.ts';
import type { Settings } from './schema.ts';

/**
 * Returns the folder for what a node keeps between runs, such as its outbox: the setting `data`, else the environment
 * variable OCELLUS_DATA, else what systemd gives a service (STATE_DIRECTORY), else `$XDG_DATA_HOME/ocellus` or
 * `~/.local/share/ocellus`; below it the node's name, so that two nodes on one machine do not clash.
 *
 * The folder is not created here: each part of the node makes its own folder in it.
 *
 * @example
 * dataFolder({ node: 'porch', data: '/var/lib/ocellus' }); // '/var/lib/ocellus/porch'
 */
export function dataFolder(settings: Pick<Settings, 'node' | 'data'>, env = process.env): string {
  assertShape('dataFolder', settings, { node: 'text', data: 'text?' }, 'settings');
  const { node, data } = settings;
  return join(data ?? fromEnvironment(env), node);
}

/**
 * Returns the folder of the models that `ocellus models add` installed: of the user, for all nodes. It is beside the
 * nodes' folders, under a name that no node can have. The setting `data` does not move it, since models are added
 * without a settings file; the environment does.
 *
 * @example
 * modelsFolder({ OCELLUS_DATA: '/var/lib/ocellus' }); // '/var/lib/ocellus/models.zoo'
 */
export function modelsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(fromEnvironment(env), 'models.zoo');
}

function fromEnvironment(env: NodeJS.ProcessEnv): string {
  if (env.OCELLUS_DATA) return resolve(env.OCELLUS_DATA);
  // A service may have several; the first is its main one.
  const [ofService] = env.STATE_DIRECTORY?.split(':') ?? [];
  if (ofService) return ofService;
  // The XDG specification says to ignore a relative path.
  const { XDG_DATA_HOME: xdg } = env;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'share'), 'ocellus');
}
