// A piece on its way: its buffer, which of its blocks are there, asked for or free, and who sent what.

import { assert } from '../errors.ts';

/** A peer's number: stable for an address while the torrent runs, so that blame survives a reconnect. */
export type PeerNumber = number;

/** The number that no peer has. */
export const nobody = 0;

/** The blocks of one piece that is being fetched. */
export class PartialPiece {
  readonly index: number;
  /** Exactly the piece's bytes; block `b` belongs at `b * 16 KiB`. */
  readonly bytes: Uint8Array;
  readonly blockCount: number;
  /** The peer that began it and goes on with it; `nobody` when that peer is gone, choked or stalled: anybody may take over. */
  owner: PeerNumber;
  /** After a failed hash with several senders: fetched from its owner alone, so that the next failure proves something. */
  readonly isOnParole: boolean;
  /** How many peers each block is asked of. */
  readonly #requests: Uint8Array;
  /** Who sent each block that is here; `nobody` for one that is not. */
  readonly #senders: Int32Array;
  /** Blocks that are arriving right now, and on whose connection. */
  readonly #arriving = new Map<number, PeerNumber>();
  /** Where it stands as long as it has free blocks: what the picker has to look at. */
  readonly #open: Set<PartialPiece>;
  #freeCount: number;
  #receivedCount = 0;
  /** No free block stands before this one. */
  #firstFree = 0;

  constructor(index: number, bytes: Uint8Array, blockCount: number, owner: PeerNumber, isOnParole: boolean, open: Set<PartialPiece>) {
    this.index = index;
    this.bytes = bytes;
    this.blockCount = blockCount;
    this.owner = owner;
    this.isOnParole = isOnParole;
    this.#requests = new Uint8Array(blockCount);
    this.#senders = new Int32Array(blockCount);
    this.#freeCount = blockCount;
    this.#open = open;
    open.add(this);
  }

  /** Blocks neither received nor asked for. */
  get freeCount(): number {
    return this.#freeCount;
  }

  get receivedCount(): number {
    return this.#receivedCount;
  }

  get isComplete(): boolean {
    return this.#receivedCount === this.blockCount;
  }

  /** Who sent each block, `nobody` where none has. */
  get senders(): Int32Array {
    return this.#senders;
  }

  isReceived(blockIndex: number): boolean {
    return this.#senders[blockIndex] !== nobody;
  }

  /** Of how many peers the block is asked right now. */
  requestCount(blockIndex: number): number {
    return this.#requests[blockIndex] as number;
  }

  /** The first block that is neither received nor asked for; undefined when there is none. */
  nextFree(): number | undefined {
    if (this.#freeCount === 0) return undefined;
    while (!this.#isFree(this.#firstFree)) this.#firstFree++;
    return this.#firstFree;
  }

  /** A peer is asked for the block. */
  requested(blockIndex: number): void {
    this.#claim(blockIndex);
    this.#requests[blockIndex] = this.requestCount(blockIndex) + 1;
  }

  /** A peer that was asked for the block will not send it, or has. */
  requestEnded(blockIndex: number): void {
    assert(this.requestCount(blockIndex) > 0, 'a request ends that was not made');
    this.#requests[blockIndex] = this.requestCount(blockIndex) - 1;
    this.#freeIfUnclaimed(blockIndex);
  }

  /** Whether bytes are being written into `bytes` by some connection. */
  get hasArrivals(): boolean {
    return this.#arriving.size > 0;
  }

  /** Who is sending the block at this moment; `nobody` when no one is. */
  arrivingFrom(blockIndex: number): PeerNumber {
    return this.#arriving.get(blockIndex) ?? nobody;
  }

  /** The block begins to arrive from `peer`, which from now on alone may write its bytes. */
  arrivalStarted(blockIndex: number, peer: PeerNumber): void {
    this.#arriving.set(blockIndex, peer);
  }

  /** The arrival from `peer` broke off. */
  arrivalEnded(blockIndex: number, peer: PeerNumber): void {
    if (this.#arriving.get(blockIndex) === peer) this.#arriving.delete(blockIndex);
  }

  /** The block is here, whole, from `peer`. */
  received(blockIndex: number, peer: PeerNumber): void {
    assert(!this.isReceived(blockIndex), 'a block came twice');
    this.#claim(blockIndex);
    this.#arriving.delete(blockIndex);
    this.#senders[blockIndex] = peer;
    this.#receivedCount++;
  }

  /** Forgets the blocks that `peer` sent: it was caught sending wrong ones. */
  dropBlocksOf(peer: PeerNumber): void {
    for (let block = 0; block < this.blockCount; block++) {
      if (this.#senders[block] !== peer) continue;
      this.#senders[block] = nobody;
      this.#receivedCount--;
      this.#freeIfUnclaimed(block);
    }
  }

  /** Forgets every block that is here. Nothing may be arriving. */
  dropAll(): void {
    assert(!this.hasArrivals, 'blocks are dropped while one arrives');
    for (let block = 0; block < this.blockCount; block++) {
      if (!this.isReceived(block)) continue;
      this.#senders[block] = nobody;
      this.#receivedCount--;
      this.#freeIfUnclaimed(block);
    }
  }

  #isFree(blockIndex: number): boolean {
    return this.#senders[blockIndex] === nobody && this.#requests[blockIndex] === 0;
  }

  /** The block is free no longer, if it was. */
  #claim(blockIndex: number): void {
    if (!this.#isFree(blockIndex)) return;
    this.#freeCount--;
    if (this.#freeCount === 0) this.#open.delete(this);
  }

  #freeIfUnclaimed(blockIndex: number): void {
    if (!this.#isFree(blockIndex)) return;
    this.#freeCount++;
    this.#open.add(this);
    this.#firstFree = Math.min(this.#firstFree, blockIndex);
  }
}
