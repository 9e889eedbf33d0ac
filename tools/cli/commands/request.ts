import { type Command, InvalidArgumentError } from 'commander';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { brokerAddress } from '../../../sdk/hub/connection/address.ts';
import { requestVerb } from '../../../sdk/hub/extensions/requests/client.ts';
import { printWire } from '../../shared/output.ts';

export interface RequestOptions {
  broker: string;
  node: string;
  base: string;
}

export function addRequest(program: Command): void {
  program
    .command('request')
    .description('ask a running node over MQTT and print the answer')
    .argument('<verb>', 'info, state, snapshot, change, restart, teach, list, …; `info` lists what the node supports')
    .argument('[fields]', 'data of the request, as JSON: \'{"camera": "door"}\'', fields, {})
    .option('--broker <url>', 'mqtt://host:1883, mqtts://, ws://, wss://', 'mqtt://127.0.0.1:1883')
    .option('--node <name>', 'name of the node', 'ocellus')
    .option('--base <topic>', 'first part of its topics', 'ocellus')
    .addHelpText(
      'after',
      '\nThe password may be in the environment variable OCELLUS_MQTT_PASSWORD. docs/mqtt.md lists the verbs.',
    )
    .action(request);
}

async function request(verb: string, data: object, options: RequestOptions): Promise<void> {
  await printWire(await askNode(verb, data, options));
}

/** Asks a node over MQTT. @throws InputError when there is no broker or no answer, or the node refuses. */
export async function askNode(verb: string, data: object, { broker, node, base }: RequestOptions): Promise<unknown> {
  const { title, options } = brokerAddress(broker);
  const { connectAsync } = await import('mqtt');
  // No reconnect: the first failure is reported. No log: the client's would print every packet, also the password in
  // CONNECT.
  const quiet = { reconnectPeriod: 0, connectTimeout: 5000, log: () => {} };
  const client = await connectAsync({ ...options, ...quiet }).catch((error: unknown) => {
    throw new InputError(`no connection to ${title}: ${messageOf(error)}; --broker names the broker of the node`);
  });
  try {
    return await requestVerb(client, { node, base }, verb, data);
  } finally {
    await client.endAsync(true);
  }
}

function fields(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw new InvalidArgumentError('Expected a JSON object.');
}
