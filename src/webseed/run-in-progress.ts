// A run on its way: which of its blocks are still owed, and where its bytes go. Bytes come in order; what has come of a block stays when a
// connection breaks, so that the next goes on at the very byte.

import { wireLimits } from '../config.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { RequestedBlock } from '../pieces/endgame.ts';
import type { Run } from '../pieces/run-picker.ts';
import type { RunExchange, RunHolder } from './run-exchange.ts';

/** The blocks of one run. */
export class RunInProgress {
  readonly end: number;
  /** Where the next byte belongs, as a torrent offset. */
  at: number;
  /** Blocks that are owed. */
  outstandingCount: number;
  readonly #geometry: Geometry;
  readonly #exchange: RunExchange;
  readonly #holder: RunHolder;
  readonly #sentMs: number;
  readonly #firstPiece: number;
  readonly #firstBlock: number;
  readonly #blocksPerPiece: number;
  /** 1 for each block that is owed. */
  readonly #owed: Uint8Array;
  /** The block at `at`, and its place, if it has one. */
  #piece = 0;
  #block = 0;
  #blockEnd = 0;
  #place: Uint8Array | undefined;
  #hasBegun = false;
  /** Of the block at `at`, what came over the network. */
  #receivedBytes = 0;

  constructor(run: Run, geometry: Geometry, exchange: RunExchange, holder: RunHolder, nowMs: number) {
    this.at = run.begin;
    this.end = run.end;
    this.#geometry = geometry;
    this.#exchange = exchange;
    this.#holder = holder;
    this.#sentMs = nowMs;
    this.#firstPiece = Math.floor(run.begin / geometry.pieceLength);
    this.#firstBlock = (run.begin - geometry.offsetOf(this.#firstPiece)) / wireLimits.blockBytes;
    this.#blocksPerPiece = Math.ceil(geometry.pieceLength / wireLimits.blockBytes);
    const lastPiece = Math.floor((run.end - 1) / geometry.pieceLength);
    const lastBlock = Math.floor((run.end - 1 - geometry.offsetOf(lastPiece)) / wireLimits.blockBytes);
    this.#owed = new Uint8Array(this.#position(lastPiece, lastBlock) + 1).fill(1);
    this.outstandingCount = this.#owed.length;
  }

  get isDone(): boolean {
    return this.at === this.end;
  }

  /** Bytes of blocks that are not owed, as others brought them, are worth reading only while some are owed behind them. */
  get isNeeded(): boolean {
    return this.outstandingCount > 0;
  }

  /** The blocks that are owed, in the order they come. */
  *outstanding(): Generator<RequestedBlock> {
    for (let position = 0; position < this.#owed.length; position++) {
      if (this.#owed[position] === 0) continue;
      const block = this.#firstBlock + position;
      yield this.#blockOf(this.#firstPiece + Math.floor(block / this.#blocksPerPiece), block % this.#blocksPerPiece);
    }
  }

  has(pieceIndex: number, blockIndex: number): boolean {
    return this.#owed[this.#position(pieceIndex, blockIndex)] === 1;
  }

  /** The block is not owed any more; false when it was not before. */
  cancel(pieceIndex: number, blockIndex: number): boolean {
    if (!this.has(pieceIndex, blockIndex)) return false;
    this.#owed[this.#position(pieceIndex, blockIndex)] = 0;
    this.outstandingCount--;
    return true;
  }

  takeAwayBlock(): void {
    this.#place = undefined;
  }

  /** The next bytes of the run, never more than are left; `isReceived`: from the server. Returns how many blocks they completed. */
  take(bytes: Uint8Array, isReceived: boolean): number {
    let blocks = 0;
    let taken = 0;
    while (taken < bytes.length) {
      if (!this.#hasBegun) this.#begin();
      const count = Math.min(bytes.length - taken, this.#blockEnd - this.at);
      if (this.#place !== undefined) this.#place.set(bytes.subarray(taken, taken + count), this.#place.length - (this.#blockEnd - this.at));
      if (isReceived) this.#receivedBytes += count;
      this.at += count;
      taken += count;
      if (this.at < this.#blockEnd) continue;
      blocks++;
      this.#complete();
    }
    return blocks;
  }

  /** Gives back what is owed. */
  giveUp(): void {
    const arriving = this.#hasBegun && this.#place !== undefined ? this.#blockOf(this.#piece, this.#block) : undefined;
    const owed = [...this.outstanding()];
    this.#owed.fill(0);
    this.outstandingCount = 0;
    this.#place = undefined;
    this.#exchange.runReturned(this.#holder, owed, arriving);
  }

  #begin(): void {
    const { pieceLength } = this.#geometry;
    this.#piece = Math.floor(this.at / pieceLength);
    const pieceBegin = this.#geometry.offsetOf(this.#piece);
    this.#block = Math.floor((this.at - pieceBegin) / wireLimits.blockBytes);
    this.#blockEnd = this.at + this.#geometry.blockLength(this.#piece, this.#block);
    this.#hasBegun = true;
    const isOwed = this.has(this.#piece, this.#block);
    this.#place = isOwed ? this.#exchange.blockStarted(this.#holder, this.#blockOf(this.#piece, this.#block)) : undefined;
  }

  #complete(): void {
    this.#hasBegun = false;
    const block = this.#blockOf(this.#piece, this.#block);
    const length = this.#receivedBytes;
    this.#receivedBytes = 0;
    const stored = this.#place !== undefined;
    this.#place = undefined;
    const wasOutstanding = this.cancel(this.#piece, this.#block);
    this.#exchange.blockReceived(this.#holder, { block, length, stored, wasOutstanding });
  }

  #position(pieceIndex: number, blockIndex: number): number {
    return (pieceIndex - this.#firstPiece) * this.#blocksPerPiece + blockIndex - this.#firstBlock;
  }

  #blockOf(pieceIndex: number, blockIndex: number): RequestedBlock {
    return { pieceIndex, blockIndex, sentMs: this.#sentMs };
  }
}
