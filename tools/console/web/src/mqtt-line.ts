import type { ConsoleState } from '../../protocol.ts';

const word = (text: string) => (/^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The command that shows this node's events in a terminal; undefined where mosquitto_sub cannot reach the broker. */
export function mqttLine({ url, root }: NonNullable<ConsoleState['mqtt']>): string | undefined {
  const { protocol, hostname, port, username } = new URL(url);
  if (protocol !== 'mqtt:' && protocol !== 'mqtts:') return undefined;
  const tls = protocol === 'mqtts:';
  return [
    'mosquitto_sub',
    `-h ${word(hostname.replace(/^\[|\]$/g, ''))}`,
    ...(port === '' || port === (tls ? '8883' : '1883') ? [] : [`-p ${port}`]),
    ...(tls ? [`${port === '' ? '-p 8883 ' : ''}--tls-use-os-certs`] : []),
    ...(username ? [`-u ${word(decodeURIComponent(username))} -P PASSWORD`] : []),
    `-t '${root.replaceAll("'", "'\\''")}/+/events'`,
  ].join(' ');
}
