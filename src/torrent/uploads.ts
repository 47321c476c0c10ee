// What we give to peers: who is unchoked (choker.ts decides) and the blocks that they ask for, read through the cache and sent in batches,
// within the limit of the upload rate. The counterpart of block-exchange.ts.

import { wireLimits } from '../config.ts';
import type { BufferPool } from '../storage/buffer-pool.ts';
import type { ReadCache } from '../storage/read-cache.ts';
import type { Clock } from '../support/clock.ts';
import { type BlockRange, pieceHeaderBytes, writePieceHeader } from '../wire/messages.ts';
import type { PeerProtocol } from '../wire/peer-protocol.ts';
import type { Chokable, Choker } from './choker.ts';
import type { Peer } from './peer.ts';
import { batchMaxBytes, type PeerSender } from './peer-sender.ts';
import type { UploadLimit } from './upload-limit.ts';

/** A peer as its uploads see it. */
export interface UploadPeer extends Chokable, Pick<Peer, 'canTakeBlocks' | 'isClosed' | 'flush' | 'sendBlocks'> {
  readonly protocol: Pick<PeerProtocol, 'uploads'>;
  readonly sender: Pick<PeerSender, 'batchBytes'>;
}

/** What uploads are made of. */
export interface UploadsOptions {
  /** Peers past their handshake, by number. */
  readonly peers: ReadonlyMap<number, UploadPeer>;
  readonly choker: Choker;
  readonly buffers: BufferPool;
  readonly clock: Clock;
  readonly limit: UploadLimit | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly pieceLength: number;
  /** Whether we download nothing (more). */
  readonly isSeeding: () => boolean;
  /** A block could not be read; its request has been rejected. */
  readonly readFailed: (error: unknown) => void;
}

/** Room for the largest batch. */
export const uploadBufferBytes = batchMaxBytes + (batchMaxBytes / wireLimits.blockBytes) * pieceHeaderBytes;

/** How often the choker is asked at least. */
const chokeEveryMs = 1_000;
/** Under a limit peers take turns: each gets what may go in so many milliseconds, at least a block. */
const turnMs = 10;

/** The uploads of one torrent. */
export class Uploads {
  /** Bytes of blocks sent, to whomever. */
  sentBytes = 0;
  readonly #options: UploadsOptions;
  readonly #turnBytes: number;
  #cache: ReadCache | undefined;
  /** Whose batch is being made. */
  readonly #busy = new Set<UploadPeer>();
  readonly #whenIdle: (() => void)[] = [];
  /** Who waits for the rate limit. */
  readonly #turns = new Set<UploadPeer>();
  #choseMs = Number.NEGATIVE_INFINITY;
  #willChoose = false;
  #isOver = false;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#turnBytes = Math.max(((options.bytesPerSecond ?? 0) / 1000) * turnMs, wireLimits.blockBytes);
  }

  /** From now on blocks are read through `cache`; undefined while there is nothing to read from: requests then wait. */
  readFrom(cache: ReadCache | undefined): void {
    this.#cache = cache;
    for (const peer of this.#options.peers.values()) this.serve(peer);
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Somebody became interested or lost interest, came or went: after this turn the choker is asked, once. */
  interestChanged(): void {
    if (this.#willChoose || this.#isOver) return;
    this.#willChoose = true;
    this.#options.clock.setTimer(0, () => {
      this.#willChoose = false;
      this.#choose();
    });
  }

  /** Asks the choker when it is time. */
  tick(nowMs: number): void {
    if (nowMs - this.#choseMs >= chokeEveryMs) this.#choose();
  }

  /** Unchokes and chokes as the choker says. */
  #choose(): void {
    if (this.#isOver) return;
    const { choker, peers, clock, bytesPerSecond: uploadLimit, isSeeding, pieceLength } = this.#options;
    const nowMs = clock.nowMs();
    this.#choseMs = nowMs;
    const facts = { nowMs, isSeeding: isSeeding(), sentBytes: this.sentBytes, uploadLimit, pieceLength };
    const unchoked = choker.choose([...peers.values()], facts);
    for (const peer of peers.values()) {
      const isChoked = !unchoked.has(peer.number);
      if (isChoked === peer.isChoked) continue;
      peer.protocol.uploads.setChoked(isChoked);
      peer.flush();
    }
  }

  /** Sends `peer` what it waits for, if it can take it now. */
  serve(peer: UploadPeer): void {
    if (this.#cache === undefined || this.#busy.has(peer) || !peer.canTakeBlocks) return;
    const { limit } = this.#options;
    if (limit === undefined) return void this.#sendBatch(peer, this.#cache, peer.sender.batchBytes);
    if (this.#turns.has(peer)) return undefined;
    this.#turns.add(peer);
    return limit.wait(peer, () => this.#takeTurn(peer));
  }

  peerGone(peer: UploadPeer): void {
    this.#turns.delete(peer);
    this.#options.limit?.forget(peer);
    this.interestChanged();
  }

  close(): void {
    this.#isOver = true;
    this.#cache = undefined;
    for (const peer of this.#turns) this.#options.limit?.forget(peer);
    this.#turns.clear();
  }

  #takeTurn(peer: UploadPeer): void {
    this.#turns.delete(peer);
    if (this.#cache === undefined || this.#busy.has(peer) || !peer.canTakeBlocks) return;
    void this.#sendBatch(peer, this.#cache, Math.min(peer.sender.batchBytes, this.#turnBytes));
  }

  /** Takes requests of at most `maxBytes`, or one, reads and sends them. What is to follow begins when the stream has taken it. */
  async #sendBatch(peer: UploadPeer, cache: ReadCache, maxBytes: number): Promise<void> {
    const { buffers, limit, readFailed } = this.#options;
    const blocks = peer.protocol.uploads.take(maxBytes);
    const payloadBytes = blocks.reduce((sum, { length }) => sum + length, 0);
    const bytes = buffers.take(payloadBytes + blocks.length * pieceHeaderBytes);
    limit?.spend(bytes.length);
    this.#busy.add(peer);
    let sendable: BlockRange[] = blocks;
    try {
      const reads = writeBatch(blocks, bytes, cache);
      if (reads !== undefined) await reads;
    } catch (error) {
      sendable = [];
      readFailed(error);
    }
    this.#busy.delete(peer);
    if (this.#busy.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    if (peer.isClosed) return buffers.give(bytes);
    if (sendable.length === 0) {
      for (const block of blocks) peer.protocol.uploads.failed(block);
      peer.flush();
      return buffers.give(bytes);
    }
    this.sentBytes += payloadBytes;
    return peer.sendBlocks(bytes, payloadBytes, () => buffers.give(bytes));
  }
}

/** Fills `bytes` with `piece` messages. Undefined when that is done; else a promise, which rejects when one block cannot be read. */
function writeBatch(blocks: readonly BlockRange[], bytes: Uint8Array, cache: ReadCache): Promise<void> | undefined {
  const reads: Promise<void>[] = [];
  let at = 0;
  for (const block of blocks) {
    writePieceHeader(bytes, at, block);
    const reading = cache.copy(block.pieceIndex, block.blockOffset, block.length, bytes, at + pieceHeaderBytes);
    if (reading !== undefined) reads.push(reading);
    at += pieceHeaderBytes + block.length;
  }
  return reads.length === 0 ? undefined : allDone(reads);
}

/** Waits for every read, whatever becomes of the others: they write into a buffer that is used again. */
async function allDone(reads: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(reads);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
