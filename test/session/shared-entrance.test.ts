// One port for several torrents: who comes in goes to its torrent, with every byte; who says nothing of use goes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { SharedEntrance } from '../../src/session/shared-entrance.ts';
import { directNetwork } from '../../src/transport/network.ts';
import type { ByteStream } from '../../src/transport/byte-stream.ts';
import { systemClock } from '../../src/support/clock.ts';
import { HandClock } from '../support/hand-clock.ts';
import { mutate, seededRandom } from '../support/mutation.ts';
import { encodeHandshake } from '../support/wire.ts';

const infohashes = [1, 2, 3].map((byte) => Buffer.alloc(20, byte));
const peerId = Buffer.alloc(20, 9);

interface Opened {
  readonly port: number;
  readonly entrance: SharedEntrance;
  /** What came in, by torrent. */
  readonly arrived: Buffer[][];
}

/** An entrance with three torrents, which read all that comes. */
async function open(t: TestContext, clock = systemClock): Promise<Opened> {
  const entrance = new SharedEntrance({ encryption: 'off' }, directNetwork, clock);
  t.after(() => entrance.close());
  const arrived: Buffer[][] = [[], [], []];
  let port = 0;
  for (const [i, infohash] of infohashes.entries()) {
    const accept = (stream: ByteStream): void => {
      const of: Buffer[] = [];
      arrived[i]?.push(Buffer.alloc(0));
      const place = (arrived[i]?.length ?? 0) - 1;
      stream.start({
        bytesReceived: (chunk) => {
          of.push(Buffer.from(chunk));
          (arrived[i] as Buffer[])[place] = Buffer.concat(of);
          if (Buffer.concat(of).includes('bye')) stream.close();
        },
        drained() {},
        closed() {},
      });
      stream.resume();
    };
    port = (await entrance.join(infohash, { accept, portChanged() {}, warned() {} })).port;
  }
  return { port, entrance, arrived };
}

/** Sends `parts` one after the other; resolves when the other side has closed. */
async function say(port: number, parts: readonly Uint8Array[]): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  socket.resume();
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
}

test('hands each peer to its torrent with every byte, however they are cut', async (t) => {
  const { port, arrived } = await open(t);
  const random = seededRandom(1);
  for (let round = 0; round < 60; round++) {
    const which = round % 3;
    const bytes = Buffer.concat([
      encodeHandshake(infohashes[which] as Buffer, peerId, { fast: false, extended: false }),
      Buffer.alloc(round * 40, round),
      Buffer.from('bye'),
    ]);
    const cuts = [0, Math.floor(random() * bytes.length), Math.floor(random() * bytes.length), bytes.length].sort((a, b) => a - b);
    await say(
      port,
      cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end)),
    );
    assert.deepEqual(arrived[which]?.at(-1), bytes);
  }
  assert.deepEqual(
    arrived.map(({ length }) => length),
    [20, 20, 20],
  );
});

test('closes whoever wants a torrent that is not there, or speaks another language', async (t) => {
  const { port, arrived } = await open(t);
  await say(port, [encodeHandshake(Buffer.alloc(20, 4), peerId, { fast: false, extended: false })]);
  await say(port, [Buffer.from('GET / HTTP/1.1\r\n\r\n')]);
  await say(port, [Buffer.alloc(1)]);
  assert.deepEqual(arrived, [[], [], []]);
});

test('mutated handshakes come to the torrent that they name, or to none', async (t) => {
  const { port, arrived } = await open(t);
  const random = seededRandom(2);
  for (let round = 0; round < 150; round++) {
    const which = round % 3;
    const bytes = Buffer.concat([
      mutate(encodeHandshake(infohashes[which] as Buffer, peerId, { fast: false, extended: false }), random),
      Buffer.from('bye'),
      Buffer.alloc(48),
    ]);
    await say(port, [bytes]);
    for (const [i, of] of arrived.entries())
      for (const got of of.splice(0)) assert.ok(got.subarray(28, 48).equals(infohashes[i] as Buffer));
  }
});

test('who says nothing is closed when the time for a handshake is over', async (t) => {
  const clock = new HandClock();
  const { port } = await open(t, clock);
  const socket = net.connect({ port, host: '127.0.0.1' }).resume();
  const closed = once(socket, 'close');
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(10_000);
  await closed;
});

test('no more than so many wait at a time, and a torrent that left is not there', async (t) => {
  const clock = new HandClock();
  const { port, entrance } = await open(t, clock);
  const sockets = Array.from({ length: 125 }, () => net.connect({ port, host: '127.0.0.1' }).resume());
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.race(sockets.map((socket) => once(socket, 'close')));
  assert.ok(clock.pendingTimers <= 120);
  const again = { accept() {}, portChanged() {}, warned() {} };
  await assert.rejects(entrance.join(infohashes[0] as Buffer, again), /being downloaded already/);
  const fourth = await entrance.join(Buffer.alloc(20, 5), again);
  assert.equal(fourth.port, port);
  await fourth.close();
  await entrance.join(Buffer.alloc(20, 5), again);
});

test('whoever has said nothing when it closes is closed, and nothing is waited for', async (t) => {
  const clock = new HandClock();
  const { port, entrance } = await open(t, clock);
  const socket = net.connect({ port, host: '127.0.0.1' }).resume();
  const closed = once(socket, 'close');
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  await entrance.close();
  await closed;
  assert.equal(clock.pendingTimers, 0);
});

test('a port that could not be had is tried again by the next torrent', async (t) => {
  const other = net.createServer().listen(0);
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  const entrance = new SharedEntrance({ encryption: 'off', port });
  t.after(() => entrance.close());
  const guest = { accept() {}, portChanged() {}, warned() {} };
  const both = infohashes.slice(0, 2).map((infohash) => entrance.join(infohash, guest));
  for (const joining of both) await assert.rejects(joining, /another program listens there/);
  await new Promise((resolve) => other.close(resolve));
  for (const infohash of infohashes) assert.equal((await entrance.join(infohash, guest)).port, port);
});
