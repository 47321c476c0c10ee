// A torrent without disk and sockets: ledger, swarm, block exchange and piece intake as the program joins them, with simulated seeders
// on a hand-turned clock. Hours of swarm pass in seconds, the same way each time.

import { wireLimits } from '../../src/config.ts';
import { AddressBook } from '../../src/discovery/address-book.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import type { PeerNumber } from '../../src/pieces/partial-piece.ts';
import { PieceLedger } from '../../src/pieces/piece-ledger.ts';
import type { SequentialOptions } from '../../src/pieces/sequential-order.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import type { Random } from '../../src/support/random.ts';
import { BufferPool } from '../../src/storage/buffer-pool.ts';
import { BlockExchange } from '../../src/torrent/block-exchange.ts';
import { Choker } from '../../src/torrent/choker.ts';
import { PieceIntake } from '../../src/torrent/piece-intake.ts';
import { RateLimit } from '../../src/torrent/rate-limit.ts';
import { Swarm } from '../../src/torrent/swarm.ts';
import { Uploads, uploadBufferBytes } from '../../src/torrent/uploads.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { HandClock } from './hand-clock.ts';
import { type SimulatedLink, SimulatedSeeder, type SimulatedSeederOptions, goodMark } from './simulated-seeder.ts';

const infohash = new Uint8Array(20).fill(4);
const tickMs = 100;

/** A random source that repeats (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { fraction: next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

export class SimulatedTorrent {
  readonly clock = new HandClock();
  readonly book: AddressBook;
  readonly ledger: PieceLedger;
  readonly swarm: Swarm;
  readonly exchange: BlockExchange;
  readonly seeders: SimulatedSeeder[] = [];
  /** Ports of the peers that were banned. */
  readonly banned = new Set<number>();
  /** Ports of the peers that sent parts of pieces which failed. */
  readonly suspects = new Set<number>();
  corruptBytes = 0;
  readonly #geometry: Geometry;
  readonly #verdictMs: number;

  /**
   * `bytesPerSecond` limits what is read of all peers together, as `--max-download-rate` does; `sequential` fetches pieces in order; a whole piece
   * is verified after `verdictMs`.
   */
  constructor(options: {
    pieceCount: number;
    pieceLength: number;
    totalLength?: number;
    random: Random;
    bytesPerSecond?: number;
    sequential?: SequentialOptions;
    verdictMs?: number;
  }) {
    const { pieceCount, pieceLength, random, bytesPerSecond } = options;
    this.#verdictMs = options.verdictMs ?? 0;
    const limit = bytesPerSecond === undefined ? undefined : new RateLimit(bytesPerSecond, 0);
    const totalLength = options.totalLength ?? pieceCount * pieceLength;
    const files = [{ index: 0, path: ['f'], length: totalLength, torrentOffset: 0, pad: false, executable: false }];
    this.#geometry = new Geometry({ pieceCount, pieceLength, totalLength, files });
    const buffers = { take: (length: number) => new Uint8Array(length), give() {} };
    this.book = new AddressBook(random);
    const nothing = new Bitfield(pieceCount);
    this.ledger = new PieceLedger(this.#geometry, Bitfield.full(pieceCount), nothing, buffers, random, options.sequential);
    this.swarm = new Swarm({
      ledger: this.ledger,
      book: this.book,
      network: directNetwork,
      handshake: { infohash, peerId: new Uint8Array(20).fill(8), supportsFast: true, supportsExtensions: true },
      listenPort: () => undefined,
      maxPeers: 500,
      encryption: 'prefer',
      holds: () => true,
      superSeed: false,
      clock: this.clock,
      random,
      listener: {
        peerConnected() {},
        peerIntroduced() {},
        peerLost() {},
        bytesRead: (length) => {
          const restMs = limit?.spend(length, this.clock.nowMs()) ?? 0;
          if (restMs === 0) return;
          this.swarm.pause('rate');
          this.clock.setTimer(restMs, () => this.swarm.resume('rate'));
        },
      },
    });
    const intake: PieceIntake = new PieceIntake(
      this.ledger,
      buffers,
      { submit: (piece, bytes) => this.#check(intake, piece, bytes) },
      {
        pieceVerified: (piece) => this.swarm.pieceVerified(piece),
        pieceFailed: (_, __, length) => {
          this.corruptBytes += length;
        },
        peerGuilty: (peer) => this.#ban(peer),
      },
    );
    this.exchange = new BlockExchange({
      ledger: this.ledger,
      peers: this.swarm.ready,
      clock: this.clock,
      random,
      lanes: () => [],
      mayAskPeers: () => true,
      pieceCompleted: (partial) => intake.completed(partial),
    });
    const uploads = new Uploads({
      peers: this.swarm.ready,
      choker: new Choker(random),
      buffers: new BufferPool(uploadBufferBytes),
      clock: this.clock,
      limit: undefined,
      bytesPerSecond: undefined,
      pieceLength,
      isSeeding: () => this.ledger.isComplete,
      readFailed() {},
    });
    this.swarm.attach(this.exchange, uploads);
  }

  /** Lets a seeder connect. Its port is 1000 + its position. */
  add(link: SimulatedLink, more: Partial<SimulatedSeederOptions> = {}): SimulatedSeeder {
    const endpoint = { host: '127.0.0.1', port: 1000 + this.seeders.length };
    const seeder = new SimulatedSeeder({ clock: this.clock, endpoint, infohash, pieceCount: this.#geometry.pieceCount, link, ...more });
    this.seeders.push(seeder);
    this.swarm.accept(seeder);
    return seeder;
  }

  /** Runs until complete; returns how long it took, or undefined when `limitMs` passed first. */
  run(limitMs: number): number | undefined {
    const startMs = this.clock.nowMs();
    let nextTickMs = startMs;
    while (!this.ledger.isComplete && this.clock.nowMs() - startMs < limitMs) {
      nextTickMs += tickMs;
      while (!this.ledger.isComplete && (this.clock.nextTimerMs ?? nextTickMs) < nextTickMs) {
        this.clock.advance((this.clock.nextTimerMs ?? nextTickMs) - this.clock.nowMs());
      }
      if (this.ledger.isComplete) break;
      this.clock.advance(nextTickMs - this.clock.nowMs());
      this.swarm.tick(this.clock.nowMs());
    }
    return this.ledger.isComplete ? this.clock.nowMs() - startMs : undefined;
  }

  #check(intake: PieceIntake, piece: number, bytes: Uint8Array): void {
    let isGood = true;
    for (let at = 0; at < bytes.length; at += wireLimits.blockBytes) if (bytes[at] !== goodMark) isGood = false;
    // The verdict comes after the call, as from a real writer.
    this.clock.setTimer(this.#verdictMs, () => (isGood ? intake.verified(piece, bytes) : intake.corrupt(piece, bytes)));
  }

  #ban(number: PeerNumber): void {
    const address = this.book.byNumber(number);
    if (address !== undefined) this.banned.add(address.endpoint.port);
    if (this.swarm.ban(number) === undefined) return;
    this.ledger.dropBlocksOf(number);
  }
}
