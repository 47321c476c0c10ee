// Between the pickers and the peers and web seeds: fills each peer's request window, gives web seeds their runs, finds the place for each arriving block, takes blocks back from
// peers that will not send them, and asks twice at the end. Piece states change in the ledger alone.

import type { PartialPiece } from '../pieces/partial-piece.ts';
import { nobody } from '../pieces/partial-piece.ts';
import { type Deliverer, type RequestedBlock, chooseDuplicates } from '../pieces/endgame.ts';
import { pickBlocks } from '../pieces/picker.ts';
import { pickRun, type Run } from '../pieces/run-picker.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { peerLimits, wireLimits } from '../config.ts';
import type { Clock } from '../support/clock.ts';
import type { Random } from '../support/random.ts';
import type { RunExchange, RunHolder } from '../webseed/run-exchange.ts';
import type { BlockArrival } from '../wire/peer-protocol.ts';
import { Budget } from './budget.ts';
import type { Peer } from './peer.ts';

/** While a limit of our own holds reading back, and so long after, no peer is taken to be slow. */
const heldBackMs = 250;
/** Looks a second at blocks on request: 0.1 us each. 2 000 peers may have nothing else to do than to look at 40 000 ten times a second. */
const looksPerSecond = 1_000_000;
const looksAtOnce = 100_000;
/** How often anybody may look for blocks that hold up a window: the look is at everything on request. */
const hurryEveryMs = 50;

/** What a block exchange is made of. */
export interface BlockExchangeOptions {
  readonly ledger: PieceLedger;
  /** Every peer past its handshake, by its number. */
  readonly peers: ReadonlyMap<number, Peer>;
  /** Every connection to a web seed. */
  readonly lanes: () => Iterable<RunHolder>;
  /** Whether peers may be asked for more. Default: always. */
  readonly mayAskPeers: (nowMs: number) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  /** All blocks of the piece are here. */
  readonly pieceCompleted: (partial: PartialPiece) => void;
}

/** The blocks of one torrent on their way. Every call is synchronous. */
export class BlockExchange implements RunExchange {
  /** Payload that came, good or not. */
  receivedBytes = 0;
  /** Of it, what was of no use: it had come already, or nobody asked for it any more. */
  wastedBytes = 0;
  /** Payload that went into a piece. It may turn out to be wrong. */
  storedBytes = 0;
  readonly #options: BlockExchangeOptions;
  readonly #looks = new Budget(looksPerSecond, looksAtOnce);
  #heldBackUntilMs = Number.NEGATIVE_INFINITY;
  #hurriedMs = Number.NEGATIVE_INFINITY;

  constructor(options: BlockExchangeOptions) {
    this.#options = options;
  }

  /** Asks `peer` for as many blocks as its window has room for. */
  fill(peer: Peer): void {
    const { ledger, clock, random } = this.#options;
    let room = peer.room;
    if (room === 0 || !this.#options.mayAskPeers(clock.nowMs())) return;
    room -= this.#hurryHead(peer, room);
    const choices = pickBlocks(ledger, peer, room, random);
    for (const { partial, blockIndex } of choices) peer.request(partial.index, blockIndex);
    const nowMs = clock.nowMs();
    if (choices.length < room && ledger.isEndgame && nowMs >= this.#heldBackUntilMs && peer.mayAskTwice(nowMs))
      this.#askTwice(peer, room - choices.length, nowMs);
    peer.flush();
  }

  takeRun(lane: RunHolder, bytes: number): Run | undefined {
    const { ledger, clock } = this.#options;
    const run = pickRun(ledger, lane, bytes);
    const nowMs = clock.nowMs();
    if (run !== undefined || !ledger.isEndgame || nowMs < this.#heldBackUntilMs) return run;
    return this.#takeTwice(lane, Math.ceil(bytes / wireLimits.blockBytes), nowMs);
  }

  /** A limit of our own (rate, disk) holds reading back: what does not come is not its peer's fault. */
  heldBack(nowMs: number): void {
    this.#heldBackUntilMs = nowMs + heldBackMs;
  }

  /** A block begins to arrive from `peer`: its place, or undefined when it is not needed any more. */
  blockStarted(peer: { readonly number: number }, block: RequestedBlock): Uint8Array | undefined {
    const partial = this.#options.ledger.partials.get(block.pieceIndex);
    if (partial === undefined || partial.isReceived(block.blockIndex)) return undefined;
    if (partial.isOnParole && partial.owner !== peer.number) return undefined;
    // One writer a block: whoever began last, since the one before may be dripping.
    const before = partial.arrivingFrom(block.blockIndex);
    if (before !== nobody && before !== peer.number) this.#holderOf(before)?.takeAwayBlock();
    partial.arrivalStarted(block.blockIndex, peer.number);
    const start = block.blockIndex * wireLimits.blockBytes;
    return partial.bytes.subarray(start, Math.min(start + wireLimits.blockBytes, partial.bytes.length));
  }

  /** The block's last byte has come from `peer`. */
  blockReceived(peer: { readonly number: number }, arrival: Omit<BlockArrival, 'block'> & { readonly block: RequestedBlock }): void {
    const { ledger } = this.#options;
    const { block, length, stored, wasOutstanding } = arrival;
    this.receivedBytes += length;
    const partial = ledger.partials.get(block.pieceIndex);
    if (wasOutstanding && partial !== undefined) partial.requestEnded(block.blockIndex);
    if (!stored || partial === undefined) {
      this.wastedBytes += length;
      if (partial !== undefined) ledger.abandonIfEmpty(partial); // on parole, and no longer this peer's
      return;
    }
    this.storedBytes += length;
    partial.received(block.blockIndex, peer.number);
    this.#cancelElsewhere(partial, block.blockIndex);
    if (!partial.isComplete) return;
    ledger.completed(partial);
    this.#options.pieceCompleted(partial);
  }

  /** A block came that nobody had asked for. */
  blockUnasked(length: number): void {
    this.receivedBytes += length;
    this.wastedBytes += length;
  }

  /** `peer` will not send these, and may not go on with its pieces: whoever can may. */
  blocksReturned(peer: Peer, blocks: readonly RequestedBlock[]): void {
    this.#stopArrivalOnParole(peer);
    this.#free(peer.number, blocks);
  }

  runReturned(lane: RunHolder, blocks: readonly RequestedBlock[], arriving: RequestedBlock | undefined): void {
    if (arriving !== undefined) this.#options.ledger.partials.get(arriving.pieceIndex)?.arrivalEnded(arriving.blockIndex, lane.number);
    this.#free(lane.number, blocks);
  }

  #free(number: number, blocks: readonly RequestedBlock[]): void {
    const { ledger } = this.#options;
    for (const block of blocks) ledger.partials.get(block.pieceIndex)?.requestEnded(block.blockIndex);
    ledger.disown(number);
    for (const block of blocks) {
      const partial = ledger.partials.get(block.pieceIndex);
      if (partial !== undefined) ledger.abandonIfEmpty(partial);
    }
  }

  #holderOf(number: number): { takeAwayBlock(): void } | undefined {
    const peer = this.#options.peers.get(number);
    if (peer !== undefined) return peer;
    for (const lane of this.#options.lanes()) if (lane.number === number) return lane;
    return undefined;
  }

  /** When nothing new is left to ask for: takes back what `peer` turned out to be too slow for, so that others can be asked. */
  takeBackExcess(peer: Peer): void {
    const { ledger, clock } = this.#options;
    if (!ledger.isEndgame || clock.nowMs() < this.#heldBackUntilMs) return;
    for (const block of peer.cancelExcess()) {
      const partial = ledger.partials.get(block.pieceIndex);
      partial?.requestEnded(block.blockIndex);
      if (partial !== undefined) ledger.abandonIfEmpty(partial);
    }
    if (peer.owingMs >= peerLimits.requestTimeoutMinMs) this.#passOnParole(peer);
  }

  /** A piece on parole is asked of one peer alone: when that one hardly gets on with it, one that has delivered before begins it anew. */
  #passOnParole(peer: Peer): void {
    const { ledger, peers } = this.#options;
    for (const { index, owner, isOnParole } of [...ledger.partials.values()]) {
      if (!isOnParole || owner !== peer.number) continue;
      const canTake = (other: Peer): boolean =>
        other.rate > 0 && other.room > 0 && other.canGive(index) && ledger.mayBegin(index, other.number);
      const heir = [...peers.values()].find((other) => other !== peer && canTake(other));
      if (heir === undefined) continue;
      const blocks = [...peer.outstanding].filter(({ pieceIndex }) => pieceIndex === index);
      for (const { blockIndex } of blocks) peer.protocol.cancel(index, blockIndex);
      this.blocksReturned(peer, blocks);
      ledger.begin(index, heir.number);
      this.fill(heir);
    }
  }

  /** `peer` is gone: what it owed is free again, what it sent is kept. */
  peerGone(peer: Peer): void {
    const arriving = peer.protocol.arriving;
    if (arriving !== undefined) this.#options.ledger.partials.get(arriving.pieceIndex)?.arrivalEnded(arriving.blockIndex, peer.number);
    this.blocksReturned(peer, peer.protocol.giveUpOutstanding());
  }

  /** In a download in order: what holds up the head of the window is asked of `peer` as well, if it is quicker. Returns how many blocks. */
  #hurryHead(peer: Peer, room: number): number {
    const { ledger, clock } = this.#options;
    const { order } = ledger;
    const nowMs = clock.nowMs();
    if (order === undefined || nowMs < Math.max(this.#hurriedMs + hurryEveryMs, this.#heldBackUntilMs)) return 0;
    if (!order.isHeadLate(ledger)) return 0;
    this.#hurriedMs = nowMs;
    return this.#askTwice(peer, room, nowMs, (pieceIndex) => order.isUrgent(pieceIndex));
  }

  /** The end of the download or of a window: blocks that others hold up are asked of `peer` as well. Returns how many. */
  #askTwice(peer: Peer, count: number, nowMs: number, isMeant: (pieceIndex: number) => boolean = () => true): number {
    const hasRequested = (block: RequestedBlock): boolean => peer.protocol.hasRequested(block.pieceIndex, block.blockIndex);
    const chosen = this.#duplicates(peer, hasRequested, count, nowMs, isMeant);
    for (const block of chosen) {
      this.#options.ledger.partials.get(block.pieceIndex)?.requested(block.blockIndex);
      peer.request(block.pieceIndex, block.blockIndex);
    }
    return chosen.length;
  }

  /** The same for a lane: what is waited for longest, with all around it that is worth it, as one run. */
  #takeTwice(lane: RunHolder, count: number, nowMs: number): Run | undefined {
    const { ledger } = this.#options;
    const { geometry } = ledger;
    const chosen = this.#duplicates(
      lane,
      () => false,
      count,
      nowMs,
      () => true,
    );
    const [longest] = chosen;
    if (longest === undefined) return undefined;
    const beginOf = (block: RequestedBlock): number => geometry.offsetOf(block.pieceIndex) + block.blockIndex * wireLimits.blockBytes;
    const endOf = (block: RequestedBlock): number => beginOf(block) + geometry.blockLength(block.pieceIndex, block.blockIndex);
    const near = chosen.filter((block) => !lane.isPieceBound || block.pieceIndex === longest.pieceIndex);
    const byBegin = new Map(near.map((block) => [beginOf(block), block]));
    const byEnd = new Map(near.map((block) => [endOf(block), block]));
    // Of a holder that goes on, the last block is waited for longest: the run leads up to it.
    let first = longest;
    for (let block = byEnd.get(beginOf(first)); block !== undefined; block = byEnd.get(beginOf(first))) first = block;
    let end = beginOf(first);
    for (let block = byBegin.get(end); block !== undefined; block = byBegin.get(end)) {
      ledger.partials.get(block.pieceIndex)?.requested(block.blockIndex);
      end = endOf(block);
    }
    return { begin: beginOf(first), end };
  }

  #duplicates(
    taker: Deliverer & { canGive(pieceIndex: number): boolean },
    hasRequested: (block: RequestedBlock) => boolean,
    count: number,
    nowMs: number,
    isMeant: (pieceIndex: number) => boolean,
  ): RequestedBlock[] {
    const { ledger, peers, lanes } = this.#options;
    const isCandidate = (block: RequestedBlock): boolean => {
      const partial = ledger.partials.get(block.pieceIndex);
      return (
        partial !== undefined &&
        isMeant(block.pieceIndex) &&
        !partial.isOnParole &&
        !partial.isReceived(block.blockIndex) &&
        taker.canGive(block.pieceIndex) &&
        !hasRequested(block)
      );
    };
    const all: Deliverer[] = [...peers.values(), ...lanes()];
    const holders = all.filter((holder) => holder !== taker && holder.outstandingCount > 0);
    const looks = holders.reduce((sum, holder) => sum + holder.outstandingCount, 0);
    if (!this.#looks.take(Math.min(looks, looksAtOnce), nowMs)) return [];
    return chooseDuplicates(taker, holders, isCandidate, count, nowMs).map(({ block }) => block);
  }

  /** A piece on parole that loses its peer begins anew: the block that is arriving for it is not wanted any more. */
  #stopArrivalOnParole(peer: Peer): void {
    const { arriving } = peer.protocol;
    const partial = arriving === undefined ? undefined : this.#options.ledger.partials.get(arriving.pieceIndex);
    if (arriving === undefined || partial?.isOnParole !== true || partial.arrivingFrom(arriving.blockIndex) !== peer.number) return;
    partial.arrivalEnded(arriving.blockIndex, peer.number);
    peer.takeAwayBlock();
  }

  /** The block is here: whoever else was asked for it need not send it. */
  #cancelElsewhere(partial: PartialPiece, blockIndex: number): void {
    if (partial.requestCount(blockIndex) === 0) return;
    for (const lane of this.#options.lanes()) if (lane.cancel(partial.index, blockIndex)) partial.requestEnded(blockIndex);
    for (const peer of this.#options.peers.values()) {
      if (!peer.protocol.hasRequested(partial.index, blockIndex)) continue;
      peer.protocol.cancel(partial.index, blockIndex);
      partial.requestEnded(blockIndex);
      peer.flush();
    }
  }
}
