import type { TObject, TSchema } from '@sinclair/typebox';
import { expected } from '../../sdk/config/validate.ts';
import { settingTopics } from '../../sdk/hub/contract/camera-settings.ts';
import { contract, type Topic } from '../../sdk/hub/contract.ts';
import { standardVerbs } from '../../sdk/hub/extensions/requests/verbs/verbs.ts';
import { table } from './table.ts';

/** Returns `docs/mqtt.md` with its tables regenerated from the contract. @param page Its current text. */
export function mqttPage(page: string): string {
  return page.replace(
    /(<!-- made by npm run docs: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, start: string, name: string, end: string) => {
      const make = parts[name];
      if (!make) throw new Error(`docs/mqtt.md: expected one of ${Object.keys(parts).join(', ')}, got ${name}`);
      return `${start}\n${make()}\n\n${end}`;
    },
  );
}

const parts: Record<string, () => string> = { topics, settings, verbs };

function topics(): string {
  const families = new Map<string, Topic>();
  for (const topic of contract) {
    const address = topic.shared ? `ocellus/${topic.address}` : (topic.family ?? topic.address);
    if (!families.has(address)) families.set(address, topic);
  }
  return table(
    ['topic', 'retained', 'payload', 'when'],
    [...families].map(([address, { sender, retained, payload, when }]) => [
      `\`${address}\``,
      sender === 'client' ? 'do not' : retained ? 'yes' : 'no',
      payload.summary,
      when,
    ]),
  );
}

function settings(): string {
  return table(
    ['setting', 'values', 'what it does'],
    [...settingTopics.values()].map(({ name, payload, description }) => [`\`${name}\``, payload.summary, description]),
  );
}

function verbs(): string {
  return table(
    ['verb', 'fields of the request', '`data` of the answer', 'what it does'],
    standardVerbs.map((verb) => [
      `\`${verb.name}\``,
      fields(verb.request) + ('bare' in verb ? `; or \`${verb.bare}\` as bare text` : ''),
      Object.keys(verb.response.properties)
        .map((name) => `\`${name}\``)
        .join(', '),
      verb.description,
    ]),
  );
}

function fields({ properties, required = [] }: TObject): string {
  const list = Object.entries(properties as Record<string, TSchema>).map(([name, schema]) => {
    const takes = schema.properties ? 'any of the [settings of a camera](settings.md)' : expected(schema);
    return `\`${name}\`${required.includes(name) ? '' : ', optional'}: ${takes}`;
  });
  return list.join('; ') || 'none';
}
