import { describe, expect, it } from 'vitest';
import { causeOf, causeOfCode } from '../../../sdk/hub/connection/causes.ts';

const coded = (code: string | number, message = 'x') => Object.assign(new Error(message), { code });

describe('causes', () => {
  it.each([
    [1, 'protocol', /does not speak/],
    [132, 'protocol', /does not speak/],
    [2, 'login', /client id/],
    [133, 'login', /client id/],
    [4, 'login', /wrong user name or password \(mqtt.username, mqtt.password\)/],
    [134, 'login', /wrong user name or password/],
    [5, 'login', /not authorized/],
    [135, 'login', /not authorized/],
    [138, 'login', /banned/],
    [142, 'login', /same id/],
    [3, 'other', /busy or shutting down/],
    [137, 'other', /busy or shutting down/],
    [139, 'other', /busy or shutting down/],
    [149, 'other', /reason code 149/],
  ])('reason code %i is %s', (code, kind, text) => {
    expect(causeOfCode(code)).toEqual({ kind, text: expect.stringMatching(text) });
    expect(causeOf(coded(code))).toEqual(causeOfCode(code));
  });

  it.each([
    ['ECONNREFUSED', 'other', /nothing listens there/],
    ['ENOTFOUND', 'other', /no host of this name/],
    ['ECONNRESET', 'closed', /closed the connection/],
    ['EPIPE', 'closed', /closed the connection/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'other', /self-signed; name the file .* in mqtt\.tls\.ca/],
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'other',
      /CA is not known here; .* not with the broker’s own, in mqtt\.tls\.ca/,
    ],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'other', /certificates of them all, up to the root, in mqtt\.tls\.ca/],
    ['UNABLE_TO_GET_ISSUER_CERT', 'other', /certificates of them all, up to the root, in mqtt\.tls\.ca/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'other', /wants a certificate from here; .* mqtt\.tls\.cert/],
    ['CERT_HAS_EXPIRED', 'other', /expired, by the clock of this board/],
    ['CERT_NOT_YET_VALID', 'other', /not valid yet, by the clock of this board/],
    ['ESOMETHING', 'other', /^x$/],
    ['toString', 'other', /^x$/],
  ])('%s is %s', (code, kind, text) => {
    expect(causeOf(coded(code))).toEqual({ kind, text: expect.stringMatching(text) });
  });

  it('says why the first address of several failed', () => {
    expect(causeOf(new AggregateError([coded('EHOSTUNREACH'), coded('ECONNREFUSED')])).text).toMatch(
      /cannot be reached/,
    );
  });

  it('takes anything', () => {
    expect(causeOf(new Error('connack timeout'))).toEqual({ kind: 'other', text: 'connack timeout' });
    expect(causeOf('text')).toMatchObject({ kind: 'other' });
  });
});
