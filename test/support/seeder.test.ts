// The scripted seeder does what its options say: otherwise every test built on it proves nothing.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  badHave,
  chokeFlapping,
  corruptBlock,
  corruptEvery,
  drip,
  dropAfter,
  dropEvery,
  duplicateBlocks,
  garbage,
  hasNothing,
  neverUnchoke,
  oversizedPrefix,
  rejectAll,
  silent,
  stallAfter,
  unsolicited,
} from './behaviours.ts';
import { makeTorrent } from './make-torrent.ts';
import { Seeder, type SeederOptions } from './seeder.ts';
import {
  type BlockRequest,
  encodeFrame,
  encodeHandshake,
  encodeNumbers,
  type Frame,
  FrameReader,
  handshakeLength,
  messageIds,
} from './wire.ts';

const blockLength = 16_384;
const torrent = makeTorrent({ name: 'content', pieceLength: 2 * blockLength, length: 5 * blockLength + 1 });
const firstBlock: BlockRequest = { pieceIndex: 0, offset: 0, length: blockLength };

test('an honest seeder has all, unchokes the interested and serves true bytes', async (t) => {
  const { seeder, leecher } = await connect(t, {});
  assert.equal((await leecher.message(messageIds.haveAll)).payload.length, 0);
  await leecher.unchoked();
  for (let pieceIndex = 0; pieceIndex < torrent.pieceCount; pieceIndex++) {
    const length = Math.min(torrent.pieceLength, torrent.totalLength - pieceIndex * torrent.pieceLength);
    const piece = await leecher.block({ pieceIndex, offset: 0, length });
    assert.equal(sha1(piece), hashInTorrent(pieceIndex));
  }
  assert.deepEqual([seeder.counts.blocksSent, seeder.counts.payloadSent, seeder.counts.piecesAsked.size], [3, torrent.totalLength, 3]);
});

test('a partial seeder names its pieces in a bitfield and cuts a leecher that asks for another', async (t) => {
  const { seeder, leecher } = await connect(t, { has: (index) => index !== 1 });
  assert.deepEqual([...(await leecher.message(messageIds.bitfield)).payload], [0b1010_0000]);
  await leecher.unchoked();
  leecher.ask({ ...firstBlock, pieceIndex: 1 });
  await leecher.closed;
  assert.equal(seeder.counts.invalidRequests, 1);
});

test('a corrupt seeder tampers with every n-th block, or with one', async (t) => {
  const everySecond = await connect(t, { behaviour: corruptEvery(2) });
  await everySecond.leecher.unchoked();
  const blocks = [await everySecond.leecher.block(firstBlock), await everySecond.leecher.block(firstBlock)];
  assert.deepEqual(blocks.map(isTrueFirstBlock), [true, false]);
  assert.equal(everySecond.seeder.counts.tamperedBlocksSent, 1);

  const one = await connect(t, { behaviour: corruptBlock(0, 0) });
  await one.leecher.unchoked();
  assert.equal(isTrueFirstBlock(await one.leecher.block(firstBlock)), false);
  const other = await one.leecher.block({ ...firstBlock, offset: blockLength });
  assert.deepEqual(other, torrent.read(blockLength, blockLength));
});

test('a throttled seeder keeps its rate and its latency', async (t) => {
  const rateBytesPerSecond = 400_000;
  const { leecher } = await connect(t, { rateBytesPerSecond, latencyMs: 50 });
  await leecher.unchoked();
  const begunMs = performance.now();
  for (let i = 0; i < 10; i++) leecher.ask({ ...firstBlock, offset: (i % 2) * blockLength });
  for (let i = 0; i < 10; i++) await leecher.message(messageIds.piece);
  const tookMs = performance.now() - begunMs;
  const idealMs = 50 + (1000 * 9 * blockLength) / rateBytesPerSecond; // the first block goes at once
  assert.ok(tookMs > idealMs - 60, `${tookMs} ms, ideal ${idealMs}`);
});

test('a silent seeder accepts and says nothing; one of garbage speaks no protocol', async (t) => {
  const quiet = await connect(t, { behaviour: silent() });
  assert.equal(quiet.seeder.counts.connections, 1);
  assert.equal(quiet.leecher.bytesRead(), 0);
  const noisy = await connect(t, { behaviour: garbage() });
  await noisy.leecher.bytesReach(70_000);
  assert.equal(noisy.seeder.counts.handshakes, 0);
});

test('a seeder can keep choking, flap, reject and stall', async (t) => {
  const never = await connect(t, { behaviour: neverUnchoke() });
  never.leecher.interested();
  never.leecher.ask(firstBlock);
  await never.leecher.message(messageIds.reject);
  const flapping = await connect(t, { behaviour: chokeFlapping(5) });
  await flapping.leecher.unchoked();
  await flapping.leecher.message(messageIds.choke);
  await flapping.leecher.message(messageIds.unchoke);
  const rejecting = await connect(t, { behaviour: rejectAll() });
  await rejecting.leecher.unchoked();
  rejecting.leecher.ask(firstBlock);
  await rejecting.leecher.message(messageIds.reject);
  const stalled = await connect(t, { behaviour: stallAfter(1) });
  await stalled.leecher.unchoked();
  await stalled.leecher.block(firstBlock);
  stalled.leecher.ask(firstBlock);
  await stalled.leecher.roundTrip(stalled.seeder);
  assert.deepEqual([stalled.seeder.counts.requests, stalled.seeder.counts.blocksSent], [2, 1]);
});

test('a seeder can drip, cut after a time, and cut after some blocks', async (t) => {
  const dripping = await connect(t, { behaviour: drip(200) });
  await dripping.leecher.unchoked();
  const before = dripping.leecher.bytesRead();
  dripping.leecher.ask(firstBlock);
  await dripping.leecher.bytesReach(before + 13 + 5);
  assert.ok(dripping.seeder.counts.payloadSent < 200);
  const timed = await connect(t, { behaviour: dropEvery(20) });
  await timed.leecher.closed;
  const counted = await connect(t, { behaviour: dropAfter(1) });
  await counted.leecher.unchoked();
  await counted.leecher.block(firstBlock);
  counted.leecher.ask(firstBlock);
  await counted.leecher.closed;
});

test('a seeder can send what nobody asked for, twice, too much, and of pieces that do not exist', async (t) => {
  const eager = await connect(t, { behaviour: unsolicited(2) });
  assert.equal(isTrueFirstBlock((await eager.leecher.message(messageIds.piece)).payload.subarray(8)), false);
  const doubling = await connect(t, { behaviour: duplicateBlocks() });
  await doubling.leecher.unchoked();
  await doubling.leecher.block(firstBlock);
  await doubling.leecher.message(messageIds.piece);
  const lying = await connect(t, { behaviour: badHave() });
  assert.equal((await lying.leecher.message(messageIds.have)).payload.readUInt32BE(0), torrent.pieceCount);
  const empty = await connect(t, { behaviour: hasNothing() });
  await empty.leecher.message(messageIds.haveNone);
  const huge = await connect(t, { behaviour: oversizedPrefix(), extended: false });
  await huge.leecher.bytesReach(handshakeLength + 5 + 200_000);
});

test('a seeder takes a cancelled block back with a reject', async (t) => {
  const { seeder, leecher } = await connect(t, { latencyMs: 20 });
  await leecher.unchoked();
  leecher.ask(firstBlock);
  leecher.cancel(firstBlock);
  await leecher.message(messageIds.reject);
  assert.deepEqual([seeder.counts.cancels, seeder.counts.blocksSent], [1, 0]);
});

/** As much of a leecher as these tests need. */
class Leecher {
  readonly closed: Promise<unknown>;
  readonly #socket: net.Socket;
  readonly #reader = new FrameReader();
  readonly #frames: Frame[] = [];
  #isShaken = false;

  constructor(port: number) {
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('error', () => {});
    this.closed = once(this.#socket, 'close');
    this.#socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      if (!this.#isShaken) this.#isShaken = this.#reader.takeBytes(handshakeLength) !== undefined;
      if (!this.#isShaken) return;
      for (let frame = this.#reader.takeFrame(); frame !== undefined; frame = this.#reader.takeFrame()) this.#frames.push(frame);
    });
    this.#socket.write(encodeHandshake(torrent.infohash, Buffer.alloc(20, 0x41), { fast: true, extended: true }));
  }

  interested(): void {
    this.#socket.write(encodeFrame(messageIds.interested));
  }

  ask({ pieceIndex, offset, length }: BlockRequest): void {
    this.#socket.write(encodeNumbers(messageIds.request, pieceIndex, offset, length));
  }

  cancel({ pieceIndex, offset, length }: BlockRequest): void {
    this.#socket.write(encodeNumbers(messageIds.cancel, pieceIndex, offset, length));
  }

  async unchoked(): Promise<void> {
    this.interested();
    await this.message(messageIds.unchoke);
  }

  /** The bytes that the seeder sends for `request`. */
  async block(request: BlockRequest): Promise<Buffer> {
    this.ask(request);
    return (await this.message(messageIds.piece)).payload.subarray(8);
  }

  /** The next message of this kind; those before it are dropped. */
  async message(id: number): Promise<Frame> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) if (frame.id === id) return frame;
      await once(this.#socket, 'data');
    }
  }

  /** Resolves when the seeder has read all that was sent so far: it answers a block request that is not valid by closing. */
  async roundTrip(seeder: Seeder): Promise<void> {
    this.ask({ ...firstBlock, pieceIndex: seeder.torrent.pieceCount });
    await this.closed;
    seeder.counts.requests--;
  }

  bytesRead(): number {
    return this.#socket.bytesRead;
  }

  async bytesReach(count: number): Promise<void> {
    while (this.#socket.bytesRead < count) await once(this.#socket, 'data');
  }

  connected(): Promise<unknown> {
    return once(this.#socket, 'connect');
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

async function connect(t: TestContext, options: Omit<SeederOptions, 'torrent'>): Promise<{ seeder: Seeder; leecher: Leecher }> {
  const seeder = await Seeder.start({ torrent, ...options });
  t.after(() => seeder.close());
  const leecher = new Leecher(seeder.port);
  t.after(() => leecher.destroy());
  await leecher.connected();
  while (seeder.counts.connections === 0) await new Promise(setImmediate);
  return { seeder, leecher };
}

function isTrueFirstBlock(block: Buffer): boolean {
  return block.equals(torrent.read(0, blockLength));
}

function sha1(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** The hash of a piece as the .torrent file has it: `pieces` is the last string of the info dictionary. */
function hashInTorrent(pieceIndex: number): string {
  const end = torrent.bytes.length - 2 - 20 * (torrent.pieceCount - 1 - pieceIndex);
  return torrent.bytes.subarray(end - 20, end).toString('hex');
}
