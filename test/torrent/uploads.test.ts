// Uploads on a hand-turned clock: the limit of the rate, and how peers share it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireLimits } from '../../src/config.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { BufferPool } from '../../src/storage/buffer-pool.ts';
import { ReadCache } from '../../src/storage/read-cache.ts';
import { Choker } from '../../src/torrent/choker.ts';
import { UploadLimit } from '../../src/torrent/upload-limit.ts';
import { Uploads, uploadBufferBytes, type UploadPeer } from '../../src/torrent/uploads.ts';
import { OutgoingBytes } from '../../src/wire/outgoing-bytes.ts';
import { UploadSide } from '../../src/wire/upload-side.ts';
import { HandClock } from '../support/hand-clock.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const pieceLength = 2 ** 20;
const totalLength = 64 * pieceLength;
const files = [{ index: 0, path: ['f'], length: totalLength, torrentOffset: 0, pad: false, executable: false }];
const geometry = new Geometry({ pieceCount: 64, pieceLength, totalLength, files });

/** A peer that always wants more, over a link that takes `bytesPerMs`. */
class GreedyPeer implements UploadPeer {
  readonly number: number;
  readonly isInterested = true;
  readonly isSnubbed = false;
  readonly connectedMs = 0;
  readonly receivedBytes = 0;
  readonly sender = { batchBytes: 256 * 1024 };
  readonly protocol: { readonly uploads: UploadSide };
  readonly isClosed = false;
  sentBytes = 0;
  /** When bytes were sent, and how many. */
  readonly sent: { readonly atMs: number; readonly bytes: number }[] = [];
  #isSending = false;
  #next = 0;
  readonly #clock: HandClock;
  readonly #bytesPerMs: number;
  readonly #serve: (peer: GreedyPeer) => void;

  constructor(number: number, bytesPerMs: number, clock: HandClock, serve: (peer: GreedyPeer) => void) {
    this.number = number;
    this.#bytesPerMs = bytesPerMs;
    this.#clock = clock;
    this.#serve = serve;
    this.protocol = { uploads: new UploadSide(new OutgoingBytes(), { mayHave: () => true, interestChanged() {} }) };
  }

  get isChoked(): boolean {
    return this.protocol.uploads.isChoked;
  }

  get canTakeBlocks(): boolean {
    return !this.#isSending && this.protocol.uploads.waiting > 0;
  }

  flush(): void {
    this.askMore();
  }

  askMore(): void {
    while (!this.isChoked && this.protocol.uploads.waiting < 100) {
      const [pieceIndex, block] = [Math.floor(this.#next / 64) % 64, this.#next % 64];
      this.#next++;
      this.protocol.uploads.requestReceived({ pieceIndex, blockOffset: block * wireLimits.blockBytes, length: wireLimits.blockBytes });
    }
    this.#serve(this);
  }

  sendBlocks(bytes: Uint8Array, payloadBytes: number, taken: () => void): void {
    this.#isSending = true;
    this.sentBytes += payloadBytes;
    this.sent.push({ atMs: this.#clock.nowMs(), bytes: bytes.length });
    this.#clock.setTimer(bytes.length / this.#bytesPerMs, () => {
      taken();
      this.#isSending = false;
      this.askMore();
    });
  }
}

/** Lets greedy peers over these links, in bytes per ms, ask for ten seconds. */
async function tenSeconds(bytesPerSecond: number | undefined, links: readonly number[]): Promise<readonly GreedyPeer[]> {
  const clock = new HandClock();
  const peers = new Map<number, GreedyPeer>();
  const uploads = new Uploads({
    peers,
    choker: new Choker(seededRandom(1), links.length),
    buffers: new BufferPool(uploadBufferBytes),
    clock,
    limit: bytesPerSecond === undefined ? undefined : new UploadLimit(bytesPerSecond, clock),
    bytesPerSecond,
    pieceLength,
    isSeeding: () => true,
    readFailed: (error) => assert.fail(String(error)),
  });
  uploads.readFrom(new ReadCache(geometry, () => Promise.resolve()));
  for (const [i, link] of links.entries()) peers.set(i, new GreedyPeer(i, link, clock, (peer) => uploads.serve(peer)));
  for (let second = 0; second < 10; second++) {
    uploads.tick(clock.nowMs());
    await clock.run(1000);
  }
  uploads.close();
  return [...peers.values()];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('upload rate limit', () => {
  for (const bytesPerSecond of [100_000, 1_000_000, 50_000_000]) {
    it(`keeps ${bytesPerSecond} bytes per second within 2 % over ten seconds, without bursts, in equal shares`, async () => {
      const peers = await tenSeconds(bytesPerSecond, [1e5, 1e5, 1e5, 1e5]);
      const sent = peers.flatMap((peer) => peer.sent);
      const total = sum(sent.map(({ bytes }) => bytes));
      assert.ok(Math.abs(total / (10 * bytesPerSecond) - 1) <= 0.02, `${total} bytes`);
      for (let second = 0; second < 9.5; second += 0.5) {
        const within = sent.filter(({ atMs }) => atMs >= second * 1000 && atMs < second * 1000 + 1000);
        assert.ok(sum(within.map(({ bytes }) => bytes)) <= 2 * bytesPerSecond, `at ${second} s`);
      }
      const shares = peers.map((peer) => peer.sentBytes / (total / peers.length));
      for (const share of shares) assert.ok(share > 0.8 && share < 1.2, `shares ${shares.join(', ')}`);
    });
  }

  it('leaves to fast peers what a slow one does not take', async () => {
    const peers = await tenSeconds(1_000_000, [10, 1e5, 1e5]);
    const total = sum(peers.map((peer) => peer.sentBytes));
    assert.ok(total >= 9_700_000, `${total} bytes`);
    assert.ok((peers[0] as GreedyPeer).sentBytes <= 150_000);
  });

  it('does not slow down anybody when there is none', async () => {
    const peers = await tenSeconds(undefined, [1000, 5000]);
    assert.ok((peers[0] as GreedyPeer).sentBytes > 9_500_000);
    assert.ok((peers[1] as GreedyPeer).sentBytes > 47_500_000);
  });
});
