// A seed on loopback, and scripted leechers that ask well or badly.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { type Download, download, seed } from '../../src/torrent/download.ts';
import type { DownloadOptions } from '../../src/torrent/options.ts';
import { Leecher, type LeecherOptions, rangeOf } from '../support/leecher.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { encodeFrame, encodeNumbers, messageIds } from '../support/wire.ts';

const pieceLength = 65_536;
const torrent = makeTorrent({
  name: 'album',
  pieceLength,
  files: [
    { path: ['one'], length: 100_000 },
    { path: ['two'], length: 1_000_000 },
    { path: ['three'], length: 70_000 },
  ],
});
const lastPiece = torrent.pieceCount - 1;
const lengthOf = (piece: number): number => Math.min(pieceLength, torrent.totalLength - piece * pieceLength);
const pieceOf = (piece: number): Buffer => torrent.read(piece * pieceLength, lengthOf(piece));

/** Writes the content of `made` into a fresh directory. */
function contentOf(t: TestContext, made: MadeTorrent = torrent): string {
  const directory = scratchDirectory(t);
  for (const { path: elements, offset, length } of made.files) {
    mkdirSync(path.join(directory, ...elements.slice(0, -1)), { recursive: true });
    writeFileSync(path.join(directory, ...elements), made.read(offset, length));
  }
  return directory;
}

interface Seeding {
  readonly running: Download;
  readonly directory: string;
  readonly port: number;
  leech(options?: Partial<LeecherOptions>): Promise<Leecher>;
}

/** Seeds until the test is over. */
async function seeding(t: TestContext, options: Partial<DownloadOptions> = {}): Promise<Seeding> {
  const directory = contentOf(t);
  const port = await freePort();
  const running = seed(parseTorrent(torrent.bytes), { outputDir: directory, localDiscovery: false, port, ...options });
  t.after(() => {
    running.stop();
    return running.result.catch(() => {});
  });
  await running.completed;
  const leech = async (more: Partial<LeecherOptions> = {}): Promise<Leecher> => {
    for (let tries = 0; ; tries++) {
      try {
        const leecher = await Leecher.connect({ port, infohash: torrent.infohash, ...more });
        t.after(() => leecher.close());
        return leecher;
      } catch (error) {
        if (tries === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20)); // it is about to listen
      }
    }
  };
  return { running, directory, port, leech };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A leecher that is unchoked. */
async function unchoked(scene: Seeding, options: Partial<LeecherOptions> = {}): Promise<Leecher> {
  const leecher = await scene.leech(options);
  leecher.interested();
  assert.notEqual(await leecher.next(messageIds.unchoke), undefined, 'it is unchoked');
  return leecher;
}

describe('a seed', () => {
  it('says that it has everything, and gives every byte right', async (t) => {
    const scene = await seeding(t);
    const leecher = await scene.leech();
    assert.notEqual(await leecher.next(messageIds.haveAll), undefined);
    leecher.interested();
    await leecher.next(messageIds.unchoke);
    for (let piece = 0; piece < torrent.pieceCount; piece++) {
      const bytes = await leecher.fetchPiece(piece, lengthOf(piece));
      assert.ok(bytes?.equals(pieceOf(piece)), `piece ${piece}`);
    }
    assert.equal(scene.running.progress().uploadedBytes, torrent.totalLength);
    assert.deepEqual(
      scene.running.peers().map(({ uploadedBytes }) => uploadedBytes),
      [torrent.totalLength],
    );
  });

  it('sends a bitfield to a peer without the fast extension', async (t) => {
    const leecher = await (await seeding(t)).leech({ fast: false });
    const bits = (await leecher.next(messageIds.bitfield))?.payload;
    assert.equal(bits?.[0], 0xff);
  });

  it('answers requests of odd lengths and places, up to 128 KiB', async (t) => {
    const scene = await seeding(t);
    const leecher = await unchoked(scene);
    for (const [offset, length] of [
      [1, 1],
      [pieceLength - 7, 7],
      [100, 40_000],
      [0, pieceLength],
    ] as const) {
      leecher.request(2, offset, length);
      const frame = await leecher.next(messageIds.piece);
      assert.ok(frame?.payload.subarray(8).equals(pieceOf(2).subarray(offset, offset + length)), `${length} at ${offset}`);
    }
  });

  it('allows a newcomer some pieces while it chokes it, the same set for the same network', async (t) => {
    const scene = await seeding(t);
    const [one, two] = [await scene.leech(), await scene.leech()];
    for (const leecher of [one, two]) leecher.send(encodeFrame(15)); // have-none
    const sets = await Promise.all(
      [one, two].map(async (leecher) => {
        const pieces: (number | undefined)[] = [];
        for (let i = 0; i < 10; i++) pieces.push((await leecher.next(17))?.payload.readUInt32BE(0));
        return pieces;
      }),
    );
    assert.deepEqual(sets[0], sets[1]);
    assert.equal(new Set(sets[0]).size, 10);
    const allowed = sets[0]?.[0] as number;
    assert.ok((await one.fetchPiece(allowed, lengthOf(allowed)))?.equals(pieceOf(allowed)));
    const other = [...Array(torrent.pieceCount).keys()].find((piece) => sets[0]?.includes(piece) === false) as number;
    one.request(other, 0);
    assert.deepEqual(rangeOf(await one.next(messageIds.reject)), { pieceIndex: other, offset: 0, length: 16_384 });
  });

  const badRequests: readonly [name: string, piece: number, offset: number, length: number][] = [
    ['beyond the last piece', torrent.pieceCount, 0, 16_384],
    ['beyond the end of its piece', lastPiece, 0, 65_537],
    ['longer than 128 KiB', 0, 0, 131_073],
    ['of no bytes', 0, 0, 0],
    ['of 2^31 bytes', 0, 0, 2 ** 31],
    ['at 2^32 - 1', 0, 2 ** 32 - 1, 16_384],
  ];
  for (const [name, piece, offset, length] of badRequests) {
    it(`closes on a request ${name}`, async (t) => {
      const leecher = await unchoked(await seeding(t));
      leecher.request(piece, offset, length);
      await leecher.closed();
    });
  }

  it('bounds what a flood of requests costs, and keeps serving others', async (t) => {
    const scene = await seeding(t);
    const flooder = await unchoked(scene);
    flooder.socket.pause();
    const flood = Buffer.concat(Array.from({ length: 100_000 }, (_, i) => encodeNumbers(messageIds.request, i % lastPiece, 0, 16_384)));
    const before = process.memoryUsage().rss;
    flooder.send(flood);
    const honest = await unchoked(scene, { localAddress: '127.0.0.2' });
    for (let piece = 0; piece < torrent.pieceCount; piece++) {
      assert.ok((await honest.fetchPiece(piece, lengthOf(piece)))?.equals(pieceOf(piece)));
    }
    assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20);
  });

  it('leaves a connection for another torrent, for no torrent, and its own echo', async (t) => {
    const scene = await seeding(t);
    const stranger = await scene.leech({ infohash: Buffer.alloc(20, 7) });
    await stranger.closed();
    const noise = net.connect(scene.port, '127.0.0.1');
    noise.on('error', () => {});
    noise.resume();
    // More than an encrypted handshake could begin with.
    noise.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.padEnd(1000));
    await new Promise((resolve) => noise.once('close', resolve));
  });

  it('has one connection to a program that comes by two', async (t) => {
    const scene = await seeding(t);
    const peerId = Buffer.alloc(20, 0x41);
    const first = await unchoked(scene, { peerId });
    const second = await scene.leech({ peerId });
    await second.closed();
    assert.ok((await first.fetchPiece(0, pieceLength))?.equals(pieceOf(0)));
  });

  it('goes away from a peer that has everything, too', async (t) => {
    const leecher = await (await seeding(t)).leech();
    leecher.send(encodeFrame(messageIds.haveAll));
    await leecher.closed();
  });

  it('offers one piece at a time as a super-seed, and gives no other', async (t) => {
    const scene = await seeding(t, { superSeed: true });
    const leecher = await scene.leech();
    assert.notEqual(await leecher.next(messageIds.haveNone), undefined);
    leecher.send(encodeFrame(15));
    const offered = (await leecher.next(messageIds.have))?.payload.readUInt32BE(0) as number;
    leecher.interested();
    await leecher.next(messageIds.unchoke);
    leecher.request((offered + 1) % torrent.pieceCount, 0, 16_384);
    assert.notEqual(await leecher.next(messageIds.reject), undefined);
    assert.ok((await leecher.fetchPiece(offered, lengthOf(offered)))?.equals(pieceOf(offered)));
    leecher.send(encodeNumbers(messageIds.have, offered));
    assert.notEqual((await leecher.next(messageIds.have))?.payload.readUInt32BE(0), offered);
  });

  it('writes nothing', async (t) => {
    const directory = contentOf(t);
    const before = new Set(readdirSync(directory, { recursive: true, encoding: 'utf8' }));
    const running = seed(parseTorrent(torrent.bytes), {
      outputDir: directory,
      localDiscovery: false,
      port: await freePort(),
      seed: { durationMs: 0 },
    });
    await running.result;
    assert.deepEqual(new Set(readdirSync(directory, { recursive: true, encoding: 'utf8' })), before);
  });

  it('refuses to begin when something is missing, and says how much', async (t) => {
    const directory = contentOf(t);
    truncateSync(path.join(directory, 'album', 'two'), 500_000);
    const running = seed(parseTorrent(torrent.bytes), { outputDir: directory, localDiscovery: false, port: await freePort() });
    await assert.rejects(running.result, { code: 'data-mismatch', message: /only \d+ of 18 pieces/ });
  });

  it('ends when a file changes under it, before it sends a wrong byte', async (t) => {
    const scene = await seeding(t);
    const leecher = await unchoked(scene);
    const file = path.join(scene.directory, 'album', 'two');
    const { atime, mtime } = statSync(file);
    writeFileSync(file, Buffer.alloc(1_000_000, 1));
    utimesSync(file, atime, new Date(mtime.getTime() + 5_000));
    leecher.request(8, 0);
    await assert.rejects(scene.running.result, { code: 'data-mismatch', message: /has changed since/ });
    assert.equal(leecher.receivedBytes, 0);
  });

  it('ends by ratio, by time, and when it is told to', async (t) => {
    const scene = await seeding(t, { seed: { ratio: 0.5 } });
    const leecher = await unchoked(scene);
    for (let piece = 0; piece < 10; piece++) await leecher.fetchPiece(piece, lengthOf(piece));
    const { progress } = await scene.running.result;
    assert.ok(progress.uploadedBytes >= torrent.totalLength / 2);
    await (await seeding(t, { seed: { durationMs: 200 } })).running.result;
    const until = new AbortController();
    const told = await seeding(t, { seed: { until: until.signal } });
    until.abort();
    await told.running.result;
  });

  it('does not listen when it is not to', async (t) => {
    const scene = await seeding(t, { listen: false });
    await assert.rejects(Leecher.connect({ port: scene.port, infohash: torrent.infohash }), { code: 'ECONNREFUSED' });
  });
});

describe('while it downloads', () => {
  it('gives what it has, and tells of what it gets', async (t) => {
    // Its only seeder has the even pieces until the leecher has fetched one of them.
    let hasAll = false;
    const seeder = await Seeder.start({ torrent, has: (piece) => hasAll || piece % 2 === 0 });
    t.after(() => seeder.close());
    const port = await freePort();
    const running = download(parseTorrent(torrent.bytes), {
      outputDir: scratchDirectory(t),
      localDiscovery: false,
      port,
      peers: [seeder.address],
    });
    for await (const event of running) if (event.type === 'piece') break;
    const leecher = await Leecher.connect({ port, infohash: torrent.infohash });
    t.after(() => leecher.close());
    leecher.interested();
    await leecher.next(messageIds.unchoke);
    assert.ok((await leecher.fetchPiece(4, pieceLength))?.equals(pieceOf(4)));
    hasAll = true;
    seeder.dropConnections();
    await running.result;
  });

  it('spreads a torrent over a swarm of its own kind, and each gives some', async (t) => {
    const source = await seeding(t);
    const big = parseTorrent(torrent.bytes);
    const ports = [await freePort(), await freePort(), await freePort()];
    const peers = [source.port, ...ports].map((port) => `127.0.0.1:${port}`);
    const downloads = ports.map((port) =>
      download(big, {
        outputDir: scratchDirectory(t),
        localDiscovery: false,
        port,
        peers: peers.filter((peer) => !peer.endsWith(`:${port}`)),
        seed: { ratio: 0 },
      }),
    );
    const results = await Promise.all(downloads.map(({ result }) => result));
    for (const { progress } of results) assert.equal(progress.verifiedBytes, torrent.totalLength);
  });
});
