import { stringify } from 'yaml';
import { packageVersion } from '../../sdk/base/assets.ts';
import { contract, type Topic } from '../../sdk/hub/contract.ts';

/** What is in `schemas/`, by file name: a JSON Schema of each payload, and the AsyncAPI document. */
export function schemaFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const { payload } of contract) {
    if (!payload.schema) continue;
    const schema = { $schema: 'http://json-schema.org/draft-07/schema#', title: payload.name, ...payload.schema };
    files.set(`${payload.name}.json`, `${JSON.stringify(schema, undefined, 2)}\n`);
  }
  files.set('asyncapi.yaml', stringify(asyncApi(), { aliasDuplicateObjects: false, lineWidth: 120 }));
  return files;
}

/** What stands in the place of a name in an address. */
const parameters: Readonly<Record<string, { description: string; default?: string }>> = {
  base: { description: 'The setting `mqtt.base`.', default: 'ocellus' },
  node: { description: 'The setting `node`: the name of the board.', default: 'ocellus' },
  camera: { description: 'Name of a camera.' },
  label: { description: 'A label of the model; what may not stand in a topic is `_`.' },
  zone: { description: 'Name of a zone of the camera.' },
  line: { description: 'Name of a line of the camera.' },
  space: { description: 'Hash of the embedding network: 16 hexadecimal digits.' },
  head: { description: '`object`, or the name of a state of the whole view; percent-encoded where it needs it.' },
};

/** The contract as an AsyncAPI 3 document, from the node's side: it sends what it tells and receives what it is asked. */
function asyncApi(): object {
  const payloads = new Map(contract.map(({ payload }) => [payload.name, payload]));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Ocellus',
      version: packageVersion(),
      description: 'What a node tells over MQTT and what it can be asked.',
      license: { name: 'Apache-2.0' },
    },
    servers: { embedded: { host: '127.0.0.1:1883', protocol: 'mqtt', description: 'The built-in broker.' } },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(contract.map((topic) => [topic.name, channel(topic)])),
    operations: Object.fromEntries(contract.filter(({ name }) => !isReply(name)).map((topic) => operation(topic))),
    components: {
      messages: Object.fromEntries(
        [...payloads.values()].map(({ name, contentType, schema }) => [
          name,
          { contentType, ...(schema && { payload: { $ref: `./${name}.json` } }) },
        ]),
      ),
    },
  };
}

const isReply = (name: string) => contract.some(({ reply }) => reply === name);

function channel({ address, shared, payload, when }: Topic): object {
  const path = `{base}/${shared ? '' : '{node}/'}${address.replaceAll('<', '{').replaceAll('>', '}')}`;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return {
    address: path,
    description: when,
    parameters: Object.fromEntries(names.map((name) => [name, parameters[name]])),
    messages: { [payload.name]: { $ref: `#/components/messages/${payload.name}` } },
  };
}

function operation({ name, sender, qos, retained, reply }: Topic): [string, object] {
  return [
    name,
    {
      action: sender === 'node' ? 'send' : 'receive',
      channel: { $ref: `#/channels/${name}` },
      bindings: { mqtt: { qos, retain: retained, bindingVersion: '0.2.0' } },
      ...(reply && { reply: { channel: { $ref: `#/channels/${reply}` } } }),
    },
  ];
}
