import { createRequire } from 'node:module';

/** Why a broker refuses a message or a subscription: reason codes of MQTT 5, OASIS standard, section 2.4. */
const names: Readonly<Record<number, string>> = {
  128: 'Unspecified error',
  129: 'Malformed Packet',
  130: 'Protocol Error',
  131: 'Implementation specific error',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  143: 'Topic Filter invalid',
  144: 'Topic Name invalid',
  145: 'Packet Identifier in use',
  147: 'Receive Maximum exceeded',
  148: 'Topic Alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  158: 'Shared Subscriptions not supported',
  161: 'Subscription Identifiers not supported',
  162: 'Wildcard Subscriptions not supported',
};

/**
 * They do not blame the message: unspecified, implementation specific, busy, the packet identifier is in use (the
 * next attempt has another one), Receive Maximum exceeded, rate too high, quota exceeded.
 */
const temporary: ReadonlySet<number> = new Set([128, 131, 136, 137, 145, 147, 150, 151]);

/** The connection ended because of a message: codes about its format, its size, its topic, its permissions. */
const ofMessage: ReadonlySet<number> = new Set([129, 130, 135, 143, 144, 148, 149, 153, 154, 155, 158, 161, 162]);

export const tooLarge = 149;
export const retainNotSupported = 154;
export const qosNotSupported = 155;

export const isTemporary = (code: number): boolean => temporary.has(code);
export const isOfMessage = (code: number): boolean => ofMessage.has(code);

/** @returns `Not authorized (0x87)` */
export function describeReason(code: number): string {
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  return Object.hasOwn(names, code) ? `${names[code]} (${hex})` : `reason code ${hex}`;
}

/** Gives the instances of packages that MQTT.js uses. */
function requireOfMqtt(): NodeJS.Require {
  return createRequire(createRequire(import.meta.url).resolve('mqtt'));
}

/** Otherwise the first packet makes a buffer for each number of 16 bits: 9 MB, and 20 ms on a fast machine. */
export function makeNumbersWhenNeeded(): void {
  const { writeToStream } = requireOfMqtt()('mqtt-packet') as typeof import('mqtt-packet');
  writeToStream.cacheNumbers = false;
}

interface Tables {
  MQTT5_PUBACK_PUBREC_CODES: Record<number, string>;
  MQTT5_SUBACK_CODES: Record<number, string>;
  MQTT5_UNSUBACK_CODES: Record<number, string>;
  MQTT5_DISCONNECT_CODES: Record<number, string>;
}

/**
 * MQTT.js stops reading after an acknowledgement whose reason code the standard does not list for it; Mosquitto
 * 2.0 sends one (PUBACK with 0x95, for its `message_size_limit`). This makes it accept any code that refuses.
 */
export function readAllRefusals(): void {
  const tables = requireOfMqtt()('mqtt-packet/constants') as Tables;
  const { MQTT5_PUBACK_PUBREC_CODES, MQTT5_SUBACK_CODES, MQTT5_UNSUBACK_CODES, MQTT5_DISCONNECT_CODES } = tables;
  for (const table of [MQTT5_PUBACK_PUBREC_CODES, MQTT5_SUBACK_CODES, MQTT5_UNSUBACK_CODES, MQTT5_DISCONNECT_CODES]) {
    for (let code = 128; code < 256; code++) table[code] ??= 'refused';
  }
}
