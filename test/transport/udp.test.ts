import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { NetworkError } from '../../src/errors.ts';
import { Deferred } from '../../src/support/deferred.ts';
import type { Endpoint } from '../../src/support/endpoint.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { networkOf } from '../../src/transport/network-options.ts';
import { UdpSockets } from '../../src/transport/udp.ts';

/** Sends back what it gets; closed with the test. */
async function echo(t: TestContext, host: '127.0.0.1' | '::1'): Promise<Endpoint> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  socket.on('message', (bytes, { port, address }) => socket.send(bytes, port, address));
  socket.bind(0, host);
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { host, port: socket.address().port };
}

test('sends over the family of the address, and hears answers with their sender', async (t) => {
  for (const host of ['127.0.0.1', '::1'] as const) {
    const heard = new Deferred<[string, Endpoint | undefined]>();
    const sockets = new UdpSockets((bytes, sender) => heard.resolve([Buffer.from(bytes).toString(), sender()]), directNetwork);
    const to = await echo(t, host);
    await sockets.send(Buffer.from('hello'), to);
    const holding = setTimeout(() => heard.reject(new Error('nothing came')), 10_000); // the sockets do not keep the process alive
    assert.deepEqual(await heard.promise, ['hello', to]);
    clearTimeout(holding);
    sockets.close();
    sockets.close();
  }
});

test('what cannot be sent is a failure of the network', async (t) => {
  const sockets = new UdpSockets(() => {}, directNetwork);
  t.after(() => sockets.close());
  await assert.rejects(sockets.send(new Uint8Array(70_000), { host: '127.0.0.1', port: 9 }), NetworkError);
  await sockets.send(new Uint8Array(1), await echo(t, '127.0.0.1'));
});

test('closed while it opens, it sends nothing', async () => {
  const sockets = new UdpSockets(() => assert.fail('heard something'), directNetwork);
  const sending = sockets.send(new Uint8Array(1), { host: '127.0.0.1', port: 9 });
  sockets.close();
  await assert.rejects(sending, NetworkError);
});

test('datagrams leave from the address that the network is bound to', async (t) => {
  const to = await echo(t, '127.0.0.1');
  const heard = new Deferred<void>();
  const senders: string[] = [];
  const observer = createSocket('udp4');
  observer.on('message', (_, { address }) => {
    senders.push(address);
    heard.resolve();
  });
  observer.bind(0, '127.0.0.1');
  await once(observer, 'listening');
  const sockets = new UdpSockets(() => {}, networkOf({ bind: '127.0.0.9' }));
  t.after(() => {
    sockets.close();
    observer.close();
  });
  await sockets.send(Buffer.from('x'), { ...to, port: observer.address().port });
  await heard.promise;
  assert.deepEqual(senders, ['127.0.0.9']);
});
