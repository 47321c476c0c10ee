// What a network asks for, seen from the other end: addresses of 127.0.0.0/8, which Linux has all of.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { trackerLimits } from '../../src/config.ts';
import { InputError, NetworkError } from '../../src/errors.ts';
import { httpFetch } from '../../src/transport/http-fetch.ts';
import { listenForPeers } from '../../src/transport/listener.ts';
import { networkOf } from '../../src/transport/network-options.ts';
import { resolveHost } from '../../src/transport/resolve.ts';
import { dialTcp } from '../../src/transport/tcp.ts';
import { serveHttp, serveRaw } from '../tracker/loopback-server.ts';

const never = new AbortController().signal;
const bound = networkOf({ bind: '127.0.0.5' });

test('peers and servers are reached from the address that was asked for', async (t) => {
  const from: (string | undefined)[] = [];
  const raw = await serveRaw(t, (socket) => void from.push(socket.remoteAddress));
  const stream = await dialTcp({ host: '127.0.0.1', port: raw.port }, bound, never);
  stream.close();
  const server = await serveHttp(t, (request, response) => {
    from.push(request.socket.remoteAddress);
    response.end();
  });
  for (const host of ['127.0.0.1', 'localhost'])
    await httpFetch(new URL(`http://${host}:${server.port}/`), true, bound, trackerLimits, never);
  assert.deepEqual(from, ['127.0.0.5', '127.0.0.5', '127.0.0.5']);
});

test('of several addresses of a host each is tried from there', async (t) => {
  const server = await serveHttp(t, (request, response) => response.end(request.socket.remoteAddress));
  const network = { ...bound, lookupHost: async () => ['2001:db8::1', '127.0.0.77', '127.0.0.1'] };
  const { body } = await httpFetch(new URL(`http://t.example:${server.port}/announce`), true, network, trackerLimits, never);
  assert.equal(Buffer.from(body).toString(), '127.0.0.5');
});

test('listens on that address alone', async () => {
  const accepted: string[] = [];
  const listener = await listenForPeers(0, bound, (stream) => {
    accepted.push(stream.remote.host);
    stream.close();
  });
  const inside = net.connect(listener.port, '127.0.0.5');
  await once(inside, 'close');
  const outside = net.connect(listener.port, '127.0.0.1');
  await assert.rejects(once(outside, 'connect'), { code: 'ECONNREFUSED' });
  assert.equal(accepted.length, 1);
  await listener.close();
});

test('listens on both addresses of an interface, on one port', async () => {
  const interfaces = (): Record<string, { address: string }[]> => ({ lo: [{ address: '127.0.0.1' }, { address: '::1' }] });
  const network = networkOf({ bind: 'lo' }, interfaces);
  const listener = await listenForPeers(undefined, network, (stream) => stream.close());
  for (const host of ['127.0.0.1', '::1']) await once(net.connect(listener.port, host), 'close');
  await assert.rejects(
    listenForPeers(listener.port, network, () => {}),
    InputError,
  );
  await listener.close();
});

test('with one family there is neither listening nor dialling in the other', async () => {
  for (const [family, host, other] of [
    [4, '127.0.0.1', '::1'],
    [6, '::1', '127.0.0.1'],
  ] as const) {
    const network = networkOf({ family });
    const listener = await listenForPeers(0, network, (stream) => stream.close());
    await once(net.connect(listener.port, host), 'close');
    await assert.rejects(once(net.connect(listener.port, other), 'connect'), { code: 'ECONNREFUSED' });
    await listener.close();
    assert.deepEqual(await resolveHost({ host, port: 1 }, network, never), [{ host, port: 1 }]);
    await assert.rejects(resolveHost({ host: other, port: 1 }, network, never), new RegExp(`has no IPv${family} address$`));
    const literal = other === '::1' ? '[::1]' : other;
    await assert.rejects(
      httpFetch(new URL(`http://${literal}:1/`), true, network, trackerLimits, never),
      (error: unknown) => error instanceof NetworkError && error.message === `it has no IPv${family} address`,
    );
  }
});

test('behind a proxy no name of a peer is looked up', async () => {
  const lookupHost = (): never => assert.fail('a name was looked up');
  const network = { ...networkOf({ proxy: 'socks5://127.0.0.1' }), lookupHost };
  await assert.rejects(resolveHost({ host: 'peer.example', port: 1 }, network, never), /peer\.example is not used: behind a proxy/);
  assert.deepEqual(await resolveHost({ host: '1.2.3.4', port: 1 }, network, never), [{ host: '1.2.3.4', port: 1 }]);
});
