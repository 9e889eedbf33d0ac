import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discoverCameras, parseAnswer } from '../../../devices/network/find.ts';
import { closing } from '../../support/closing.ts';

const id = 'urn:uuid:6a1b';

/** As a camera answers; `prefix` is what it calls the namespaces. */
function answer(relatesTo: string, { prefix = 'd', services = 'http://127.0.0.1/onvif/device_service' } = {}): string {
  return `<?xml version="1.0"?><SOAP-ENV:Envelope><SOAP-ENV:Header>
<wsa:RelatesTo xmlns:wsa="x">${relatesTo}</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body>
<${prefix}:ProbeMatches><${prefix}:ProbeMatch><${prefix}:Types>dn:NetworkVideoTransmitter</${prefix}:Types>
<${prefix}:Scopes>onvif://www.onvif.org/Profile/Streaming
 onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/DS-2CD</${prefix}:Scopes>
<${prefix}:XAddrs>${services}</${prefix}:XAddrs></${prefix}:ProbeMatch></${prefix}:ProbeMatches>
</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

/** A camera on the loopback network that is told by a multicast. @returns Its port, and what it was asked. */
async function camera(answers: (question: string) => (string | Buffer)[]) {
  const asked: string[] = [];
  const socket = closing(createSocket({ type: 'udp4', reuseAddr: true }), async (one) => one.close());
  socket.bind(0);
  await once(socket, 'listening');
  socket.addMembership('239.255.255.250', '127.0.0.1');
  socket.on('message', (message, { address, port }) => {
    asked.push(message.toString());
    for (const one of answers(message.toString())) socket.send(one, port, address);
  });
  return { port: socket.address().port, asked };
}

const idIn = (question: string) => /MessageID>([^<]*)</.exec(question)![1]!;

describe('discoverCameras', () => {
  it('finds a camera that answers a multicast, once, and tells it nothing', async () => {
    const { port, asked } = await camera((question) => [answer(idIn(question)), answer(idIn(question))]);
    const found = await discoverCameras({ interfaces: ['127.0.0.1'], port, waitMs: 2000 });
    expect(found).toEqual([
      {
        address: '127.0.0.1',
        name: 'Front door',
        hardware: 'DS-2CD',
        service: 'http://127.0.0.1/onvif/device_service',
      },
    ]);
    // Again half a second later, for a datagram may be lost.
    expect(asked).toHaveLength(2);
    expect(new Set(asked).size).toBe(1);
    expect(asked[0]).toContain('<d:Types>n:NetworkVideoTransmitter</d:Types>');
    expect(asked[0]).not.toMatch(/password|user|security/i);
  });

  it('takes no answer to another question, and no garbage', async () => {
    const { port } = await camera(() => [answer(id), Buffer.alloc(60_000, 0xff), '', '<', answer('')]);
    expect(await discoverCameras({ interfaces: ['127.0.0.1'], port, waitMs: 700 })).toEqual([]);
  });

  it('finds nothing where there is no network', async () => {
    expect(await discoverCameras({ interfaces: [], waitMs: 1 })).toEqual([]);
    // An address this machine does not have (TEST-NET-3).
    expect(await discoverCameras({ interfaces: ['203.0.113.1'], waitMs: 1 })).toEqual([]);
  });
});

describe('parseAnswer', () => {
  it.each(['d', 'wsdd', 'ns-1'])('reads namespaces called %s', (prefix) => {
    expect(parseAnswer(answer(id, { prefix }), id, '127.0.0.1')?.name).toBe('Front door');
  });

  it.each([
    ['http://127.0.0.1:8080/a http://10.0.0.9/a', 'http://127.0.0.1:8080/a'],
    ['http://10.0.0.9/a', undefined],
    ['file:///etc/passwd javascript:1 http://', undefined],
    ['', undefined],
  ])('of the services %j takes its own: %s', (services, service) => {
    expect(parseAnswer(answer(id, { services }), id, '127.0.0.1')?.service).toBe(service);
  });

  it('decodes a name, takes one that is wrongly encoded as it is, and the first 64 letters of a long one', () => {
    const named = (name: string) => parseAnswer(answer(id).replace('Front%20door', name), id, '127.0.0.1')?.name;
    expect(named('T%C3%BCr')).toBe('Tür');
    expect(named('100%')).toBe('100%');
    expect(named('x%20'.repeat(5000))).toBe('x '.repeat(32));
  });

  it('takes any bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const xml = `<ProbeMatches><RelatesTo>${id}</RelatesTo><Scopes>onvif://www.onvif.org/name/${a}</Scopes><XAddrs>${b}`;
        expect(parseAnswer(xml, id, '127.0.0.1')?.address).toBe('127.0.0.1');
        parseAnswer(a, id, b);
      }),
      { numRuns: 30 },
    );
  });
});
