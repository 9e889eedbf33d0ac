import { messageOf } from '../errors.ts';

/** Why a connection could not be made or was lost. */
export interface Cause {
  /** For a person: what is wrong and what to do. */
  readonly text: string;
  /**
   * `protocol`: this version of MQTT is not spoken there. `login`: trying again soon would not help. `closed`: the
   * connection ended and nobody said why.
   */
  readonly kind: 'protocol' | 'login' | 'closed' | 'other';
}

export const closed: Cause = { kind: 'closed', text: 'the broker closed the connection' };

const sameName = 'do two boards have one node name?';

/** MQTT 3.1.1, and Mosquitto 2.0.11 with MQTT 5 too, give no reason to a client whose id another one took over. */
export const closedAgain: Cause = { kind: 'closed', text: `the broker closes each connection soon; ${sameName}` };

const ownCertificate = 'name its files in mqtt.tls.cert and mqtt.tls.key';

const advice: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there; is the broker running, and is the port right?',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up; is the network up?',
  EHOSTUNREACH: 'the host cannot be reached; is it on, and in this network?',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'the host does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name the file with it or with its CA’s in mqtt.tls.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its CA is not known here; name the file with the CA’s certificate in mqtt.tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its CA is not known here; name the file with the CA’s certificate in mqtt.tls.ca',
  CERT_HAS_EXPIRED: 'its certificate has expired, by the clock of this board; is that right?',
  CERT_NOT_YET_VALID:
    'its certificate is not valid yet, by the clock of this board; does the network tell it the time?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: `it wants a certificate from here; ${ownCertificate}`,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: `it ends the handshake; where it wants a certificate from here, ${ownCertificate}`,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `it does not know who signed the certificate in mqtt.tls.cert`,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'mqtt.tls.key is not the key of mqtt.tls.cert',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** A reason code of CONNACK or DISCONNECT: below 128 one of MQTT 3.1.1, from 128 one of MQTT 5. */
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
      return { kind: 'login', text: 'not authorized: the broker wants a (different) user name and password' };
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

export function causeOf(error: unknown): Cause {
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return causeOfCode(code);
  if (code === 'ECONNRESET' || code === 'EPIPE') return closed;
  if (typeof code === 'string' && Object.hasOwn(advice, code)) return { kind: 'other', text: advice[code]! };
  // A host with several addresses: the message of the whole is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  return { kind: 'other', text: messageOf(error) };
}
