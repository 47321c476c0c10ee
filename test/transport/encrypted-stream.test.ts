import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError, type TtorrentError } from '../../src/errors.ts';
import type { ByteStream, ByteStreamListener } from '../../src/transport/byte-stream.ts';
import { acceptEncrypted, encryptOutgoing } from '../../src/transport/encrypted-stream.ts';
import { processKeys } from '../../src/transport/key-exchange.ts';
import { listenForPeers } from '../../src/transport/listener.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { dialTcp } from '../../src/transport/tcp.ts';
import { deferred } from '../support/deferred.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const infohash = new Uint8Array(20).fill(4);
const never = new AbortController().signal;

/** One end of a connection in memory, read into one buffer that all ends share, in chunks of the lengths it is given. */
class PipeEnd implements ByteStream {
  readonly remote = { host: '127.0.0.1', port: 1 };
  readonly unsentBytes = 0;
  static readonly #receiveBuffer = new Uint8Array(5000);
  other: PipeEnd | undefined;
  isClosed = false;
  #arrived = Buffer.alloc(0);
  #listener: ByteStreamListener | undefined;

  start(listener: ByteStreamListener): void {
    this.#listener = listener;
  }

  send(bytes: Uint8Array): void {
    if (this.other !== undefined) this.other.#arrived = Buffer.concat([this.other.#arrived, bytes]);
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.isClosed = true;
    listener?.closed(undefined);
  }

  /** Delivers up to `length` bytes; false when there are none. */
  deliver(length: number): boolean {
    const chunk = PipeEnd.#receiveBuffer.subarray(0, Math.min(length, this.#arrived.length));
    chunk.set(this.#arrived.subarray(0, chunk.length));
    this.#arrived = this.#arrived.subarray(chunk.length);
    if (chunk.length > 0) this.#listener?.bytesReceived(chunk);
    PipeEnd.#receiveBuffer.fill(0xee);
    return chunk.length > 0;
  }
}

function pipe(): [PipeEnd, PipeEnd] {
  const [a, b] = [new PipeEnd(), new PipeEnd()];
  a.other = b;
  b.other = a;
  return [a, b];
}

/** Delivers in chunks of these lengths, in turn, until both ends have said all. */
function deliverAll(ends: readonly PipeEnd[], lengths: readonly number[] = [5000]): void {
  for (let turn = 0, isQuiet = 0; isQuiet < ends.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    isQuiet = ends[turn % ends.length]?.deliver(length) === true ? 0 : isQuiet + 1;
  }
}

/** Notes what a stream delivers. */
class Reader implements ByteStreamListener {
  heard = Buffer.alloc(0);
  readonly ends: (TtorrentError | undefined)[] = [];

  bytesReceived(chunk: Uint8Array): void {
    assert.equal(this.ends.length, 0);
    this.heard = Buffer.concat([this.heard, chunk]);
  }

  drained(): void {}

  closed(cause: TtorrentError | undefined): void {
    this.ends.push(cause);
  }
}

function reading(stream: ByteStream): Reader {
  const reader = new Reader();
  stream.start(reader);
  return reader;
}

const bytes = (length: number, factor: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => i * factor));

describe('encrypted stream', () => {
  it('carries bytes both ways, whatever the policies and however they are cut', () => {
    const policy = fc.constantFrom('prefer', 'require');
    const cuts = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(policy, policy, cuts, fc.integer(), (outgoing, incoming, lengths, seed) => {
        const parts = { keys: processKeys, random: seededRandom(seed) };
        const ends = pipe();
        const a = encryptOutgoing(ends[0], infohash, outgoing, parts);
        const b = acceptEncrypted(ends[1], [infohash], incoming, parts);
        a.send(bytes(68, 1));
        const [readerA, readerB] = [reading(a), reading(b)];
        a.send(bytes(1000, 3)); // while the handshake is on
        deliverAll(ends, lengths);
        b.send(bytes(3000, 5));
        a.send(bytes(3000, 7));
        deliverAll(ends, lengths);
        assert.deepEqual(readerB.heard, Buffer.concat([bytes(68, 1), bytes(1000, 3), bytes(3000, 7)]));
        assert.deepEqual(readerA.heard, bytes(3000, 5));
      }),
      { numRuns: 60 },
    );
  });

  it('says what was sent first with its third message, and nothing of it in the clear', () => {
    const ends = pipe();
    const a = encryptOutgoing(ends[0], infohash, 'require');
    const wire: Buffer[] = [];
    for (const end of ends) {
      const send = end.send.bind(end);
      end.send = (sent) => {
        wire.push(Buffer.from(sent));
        send(sent);
      };
    }
    a.send(bytes(68, 1));
    assert.equal(a.unsentBytes, 68);
    reading(a);
    assert.equal(a.unsentBytes, 0);
    const reader = reading(acceptEncrypted(ends[1], [infohash], 'prefer'));
    for (const end of [1, 0, 1]) ends[end]?.deliver(5000);
    assert.deepEqual(reader.heard, bytes(68, 1));
    assert.equal(Buffer.concat(wire).includes(bytes(68, 1).subarray(0, 20)), false);
  });

  it('leaves bytes alone that it was given to send', () => {
    const ends = pipe();
    const a = encryptOutgoing(ends[0], infohash, 'require');
    reading(a);
    const reader = reading(acceptEncrypted(ends[1], [infohash], 'require'));
    deliverAll(ends);
    const cached = bytes(1000, 3);
    for (let time = 0; time < 3; time++) a.send(cached);
    deliverAll(ends);
    assert.deepEqual(cached, bytes(1000, 3));
    assert.deepEqual(reader.heard, Buffer.concat([cached, cached, cached]));
  });

  it('passes on a peer that does not encrypt, unless that is required', () => {
    const plain = Buffer.from(`\x13BitTorrent protocol${'x'.repeat(48)}`, 'latin1');
    for (const length of [1, 7, 20, 68]) {
      const ends = pipe();
      const b = acceptEncrypted(ends[1], [infohash], 'prefer');
      const reader = reading(b);
      ends[0].send(plain);
      deliverAll(ends, [length]);
      assert.deepEqual(reader.heard, plain);
      const answered = reading(ends[0]);
      b.send(plain);
      deliverAll(ends);
      assert.deepEqual(answered.heard, plain);
    }
    const ends = pipe();
    const reader = reading(acceptEncrypted(ends[1], [infohash], 'require'));
    ends[0].send(plain);
    deliverAll(ends);
    assert.equal(reader.heard.length, 0);
    assert.ok(reader.ends.length === 1 && reader.ends[0] instanceof ProtocolError);
    assert.ok(ends[1].isClosed);
  });

  it('is the stream itself where encryption is off', () => {
    const [a, b] = pipe();
    assert.equal(encryptOutgoing(a, infohash, 'off'), a);
    assert.equal(acceptEncrypted(b, [infohash], 'off'), b);
  });

  it('ends with the fault of the peer, once, and with its end', () => {
    const ends = pipe();
    const reader = reading(encryptOutgoing(ends[0], infohash, 'prefer'));
    ends[1].send(new Uint8Array(2000).fill(9));
    deliverAll(ends);
    assert.ok(reader.ends.length === 1 && reader.ends[0] instanceof ProtocolError);
    assert.ok(ends[0].isClosed);
    const others = pipe();
    const leaving = reading(acceptEncrypted(others[1], [infohash], 'prefer'));
    others[1].close();
    assert.deepEqual(leaving.ends, [undefined]);
  });

  it('knows the torrents there are when the peer asks, not when it came', () => {
    const ends = pipe();
    const torrents = new Set<Uint8Array>();
    const a = encryptOutgoing(ends[0], infohash, 'prefer');
    a.send(bytes(68, 1));
    reading(a);
    const reader = reading(acceptEncrypted(ends[1], torrents, 'prefer'));
    torrents.add(infohash);
    deliverAll(ends);
    assert.deepEqual(reader.heard, bytes(68, 1));
  });

  it('carries megabytes over TCP both ways', async () => {
    const [there, back] = [bytes(3_000_000, 3), bytes(3_000_000, 5)];
    const readAll = (stream: ByteStream, length: number): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        let missing = length;
        stream.start({
          bytesReceived(chunk) {
            chunks.push(Buffer.from(chunk));
            missing -= chunk.length;
            if (missing <= 0) resolve(Buffer.concat(chunks));
          },
          drained() {},
          closed: (cause) => reject(cause ?? new Error('closed')),
        });
        stream.resume();
      });
    const accepted = deferred<ByteStream>();
    const listener = await listenForPeers(0, directNetwork, (stream) => accepted.resolve(stream));
    const a = encryptOutgoing(await dialTcp({ host: '127.0.0.1', port: listener.port }, directNetwork, never), infohash, 'require');
    const b = acceptEncrypted(await accepted.promise, [infohash], 'prefer');
    for (let at = 0; at < there.length; at += 100_000) a.send(there.subarray(at, at + 100_000));
    for (let at = 0; at < back.length; at += 100_000) b.send(back.subarray(at, at + 100_000));
    const [heardByA, heardByB] = await Promise.all([readAll(a, back.length), readAll(b, there.length)]);
    assert.ok(heardByA.equals(back) && heardByB.equals(there));
    a.close();
    b.close();
    await listener.close();
  });
});
