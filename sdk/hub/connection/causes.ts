import { messageOf } from '../../base/errors.ts';
import { describeReason, isOfMessage, qosNotSupported, retainNotSupported } from './reason-codes.ts';
import type { Ending } from './suspects.ts';

/** Why a connection could not be made or was lost. */
export interface Cause {
  /** For people: what is wrong and what to do. */
  readonly text: string;
  /**
   * `protocol`: the other side does not speak this version of MQTT. `login`: trying again soon would not help. `will`:
   * the last will was refused. `closed`: the connection ended without a reason. `silent`: it was made, and no answer came.
   */
  readonly kind: 'protocol' | 'login' | 'will' | 'closed' | 'silent' | 'other';
  /** What it says about the messages in flight. Default: they may be the cause if no reason was given. */
  readonly ending?: Ending;
  /** This side gave the connection up, since the broker did not do its part. */
  readonly isGivenUp?: true;
}

const perhaps: Ending = { fault: 'perhaps' };

/** @returns Undefined when the end has nothing to do with what was sent. */
export const endingOf = ({ kind, ending }: Cause): Ending | undefined =>
  ending ?? (kind === 'closed' ? perhaps : undefined);

export const closed: Cause = { kind: 'closed', text: 'the broker closed the connection' };
/** Why this side closes a connection: the broker misbehaved. */
export const given = (text: string): Cause => ({ kind: 'other', text, ending: perhaps, isGivenUp: true });
/** The same where it answers nothing: it has too much to do, or is gone, whatever was sent. */
export const tooSlow = (text: string): Cause => ({ kind: 'other', text, isGivenUp: true });
export const notMqtt: Cause = {
  kind: 'other',
  text: 'what it sends is not MQTT; is this the port of an MQTT broker?',
  ending: perhaps,
};
export const noAnswer: Cause = { kind: 'other', text: 'it does not answer; is the host on, and is the port right?' };
export const silence: Cause = {
  kind: 'silent',
  text: 'it takes the connection and does not answer; is this the port of an MQTT broker, with the right kind of address (mqtt:// or mqtts://)?',
};
/** The first bytes received are a TLS alert, or HTTP. */
export const needsTls: Cause = {
  kind: 'other',
  text: 'this port speaks TLS; the address has to begin with mqtts:// (or wss:// for WebSocket)',
};
export const needsWebSocket: Cause = {
  kind: 'other',
  text: 'this port speaks HTTP; an address of MQTT over WebSocket begins with ws:// (or wss://), else it is not the port of a broker',
};
const noTls: Cause = {
  kind: 'other',
  text: 'this port does not speak TLS; the address has to begin with mqtt:// (or ws:// for WebSocket), or name the port with TLS, often 8883',
};
export const noTlsYet: Cause = {
  kind: 'other',
  text: 'the connection ended before TLS was agreed on; is this the port without TLS? Its address begins with mqtt:// (or ws://)',
};
const noWebSocket: Cause = {
  kind: 'other',
  text: 'the connection ended before WebSocket was agreed on; is this the port without it? Its address begins with mqtt:// (mqtts:// with TLS)',
};

const sameName = 'do two boards have one node name?';

/** MQTT 3.1.1, and Mosquitto 2.0.11 even with MQTT 5, give no reason to a client whose id another one took over. */
export const closedAgain: Cause = { kind: 'closed', text: `the broker closes each connection soon; ${sameName}` };

/** Some brokers send this when they do not allow the topic of the last will. */
export const notAuthorized: Cause = {
  kind: 'login',
  text: 'not authorized: the broker wants a (different) user name and password',
};

const ownCertificate = 'name its files in mqtt.tls.cert and mqtt.tls.key';

const unknownCa =
  'its CA is not known here; name the file with the CA’s certificate, not with the broker’s own, in mqtt.tls.ca';
const unknownRoot =
  'its CA, or the one that this leads to, is not known here; name a file with the certificates of them all, up to the root, in mqtt.tls.ca';

const advice: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there; is the broker running, and is the port right?',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up; is the network up?',
  EHOSTUNREACH: 'the host cannot be reached; is it on, and in this network?',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'the host does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name the file with it or with its CA’s in mqtt.tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT: unknownRoot,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownRoot,
  CERT_HAS_EXPIRED: 'its certificate has expired, by the clock of this board; is that right?',
  CERT_NOT_YET_VALID:
    'its certificate is not valid yet, by the clock of this board; does the network tell it the time?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: `it wants a certificate from here; ${ownCertificate}`,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: `it ends the handshake; where it wants a certificate from here, ${ownCertificate}`,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `it does not know who signed the certificate in mqtt.tls.cert`,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'mqtt.tls.key is not the key of mqtt.tls.cert',
};

/** A reason code of CONNACK or DISCONNECT: of MQTT 3.1.1 below 128, of MQTT 5 from 128. */
export function causeOfCode(code: number): Cause {
  switch (code) {
    case 1:
    case 132:
      return { kind: 'protocol', text: 'the broker does not speak this version of MQTT' };
    case 2:
    case 133:
      return { kind: 'login', text: 'the broker refuses the client id; name the node otherwise' };
    case 4:
    case 134:
      return { kind: 'login', text: 'wrong user name or password (mqtt.username, mqtt.password)' };
    case 5:
    case 135:
      return notAuthorized;
    case retainNotSupported:
    case qosNotSupported:
      return { kind: 'will', text: `the broker does not take the last will: ${describeReason(code)}` };
    case 138:
      return { kind: 'login', text: 'the broker has banned this client' };
    case 142:
      return { kind: 'login', text: `another client took over with the same id; ${sameName}` };
    case 3:
    case 136:
    case 137:
    case 139:
      return { kind: 'other', text: 'the broker is busy or shutting down' };
    default:
      return { kind: 'other', text: `the broker gives reason code ${code}` };
  }
}

/** A reason code of DISCONNECT, after CONNACK. */
export function causeOfDisconnect(code: number): Cause {
  if (isOfMessage(code)) {
    return {
      kind: 'other',
      text: `the broker ended the connection: ${describeReason(code)}`,
      ending: { fault: 'message', code },
    };
  }
  const says = causeOfCode(code);
  return code === 128 || code === 131 || code === 151 ? { ...says, ending: perhaps } : says;
}

/** @param protocol Of the broker's address, as long as it has not answered CONNECT. */
export function causeOf(error: unknown, protocol?: string): Cause {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isWeb = protocol === 'ws' || protocol === 'wss';
  if (typeof code === 'number') return causeOfCode(code);
  if (
    typeof code === 'string' &&
    (code === 'EPROTO' || code.startsWith('ERR_SSL_')) &&
    notTls.test(`${code} ${message}`)
  ) {
    return noTls;
  }
  if (typeof message === 'string') {
    if (message.startsWith('Unexpected server response')) {
      const status = message.replace(/\D/g, '');
      return { kind: 'other', text: `a web server answers with ${status}; are the port and the path of MQTT right?` };
    }
    if (isWeb && (message === 'socket hang up' || /^(ECONNRESET|HPE_)/.test(String(code)))) return noWebSocket;
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') return closed;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { kind: 'other', text: otherHost(error) };
  if (typeof code === 'string' && Object.hasOwn(advice, code)) return { kind: 'other', text: advice[code]! };
  // A host with several addresses: the message of the aggregate error is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0], protocol);
  return { kind: 'other', text: messageOf(error) };
}

/** The names in the certificate are told, since one of them is what the address should have. */
function otherHost(error: unknown): string {
  const { cert } = error as { cert?: { subjectaltname?: string } };
  const names = cert?.subjectaltname?.replace(/\b(?:DNS|IP Address):/g, '');
  if (!names)
    return 'its certificate names no host (it has no subjectAltName; a common name does not count): make it anew';
  return `its certificate is for another host name: ${names}`;
}

/** OpenSSL's words for bytes that are not TLS. */
const notTls =
  /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|wrong version number|packet length too long/i;
