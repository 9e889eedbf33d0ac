/** The properties of MQTT 5 that a message may have; all others belong to other packets. */
export interface MessageProperties {
  payloadFormatIndicator?: boolean;
  messageExpiryInterval?: number;
  responseTopic?: string;
  correlationData?: Buffer;
  contentType?: string;
  userProperties?: Record<string, string | string[]>;
  subscriptionIdentifier?: number | number[];
}

/** What a client published. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: MessageProperties;
}

const string = (text: string) => 2 + Buffer.byteLength(text);

/** Bytes of a number with seven bits a byte. */
const variable = (value: number) => (value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4);

export const userPropertiesOf = ({ userProperties = {} }: MessageProperties): [name: string, value: string][] =>
  Object.entries(userProperties).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]));

function propertyBytes(properties: MessageProperties): number {
  const { payloadFormatIndicator, messageExpiryInterval, responseTopic, correlationData, contentType } = properties;
  let bytes = payloadFormatIndicator === undefined ? 0 : 2;
  if (messageExpiryInterval !== undefined) bytes += 5;
  if (responseTopic !== undefined) bytes += 1 + string(responseTopic);
  if (correlationData !== undefined) bytes += 3 + correlationData.length;
  if (contentType !== undefined) bytes += 1 + string(contentType);
  for (const [name, value] of userPropertiesOf(properties)) bytes += 1 + string(name) + string(value);
  for (const one of [properties.subscriptionIdentifier ?? []].flat()) bytes += 1 + variable(one);
  return bytes;
}

/** Bytes of the whole packet to a client that speaks MQTT 5. */
export function packetBytes({ topic, payload, qos, properties = {} }: Message): number {
  const own = propertyBytes(properties);
  const rest = string(topic) + (qos > 0 ? 2 : 0) + variable(own) + own + payload.length;
  return 1 + variable(rest) + rest;
}

/** Bytes of memory that a message takes beside its topic, about. */
export const memoryOf = ({ payload, properties }: Message): number =>
  payload.length + (properties ? propertyBytes(properties) + 100 * userPropertiesOf(properties).length : 0);
