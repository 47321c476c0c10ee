// What to ask of a web seed next: one run of bytes that follow each other, as long as a request is worth, over the borders of pieces. In
// the order of picker.ts: pieces that it began, pieces that lost their peer, new ones, and at the end what is left of others' pieces. It
// goes on where it ended, so that its server and our disk read and write in order, unless some pieces are rarer than others: then it
// brings what the peers lack most (BEP 19, "Implementation of HTTP/FTP seeding"). A policy: it notes what it chose as requested.

import { storageLimits, wireLimits } from '../config.ts';
import { type PartialPiece, type PeerNumber, nobody } from './partial-piece.ts';
import type { PieceLedger } from './piece-ledger.ts';

/** What the picker needs to know of whoever takes runs. */
export interface RunTaker {
  readonly number: PeerNumber;
  /** It has the whole piece, as far as we know. */
  canGive(pieceIndex: number): boolean;
  /** How many blocks it owes us. */
  readonly outstandingCount: number;
  /** Where its last run ended, as a torrent offset. */
  readonly cursor: number;
  /** Only what follows at the cursor is of use: it is on the way already. */
  readonly isReadingOn: boolean;
  /** No request of it reaches into another piece (BEP 17). */
  readonly isPieceBound: boolean;
}

/** Half-open torrent offsets; whole blocks of one piece or of several in a row. */
export interface Run {
  readonly begin: number;
  readonly end: number;
}

/** So few missing pieces are taken in any order: to look for the next one behind the cursor could mean a look at a million that are not. */
const fewMissing = 64;

/** A run of about `wishBytes` for `taker`, its blocks noted as requested; undefined when there is none. */
export function pickRun(ledger: PieceLedger, taker: RunTaker, wishBytes: number): Run | undefined {
  const first = pickPartial(ledger, taker) ?? beginNew(ledger, taker) ?? pickLeftover(ledger, taker);
  if (first === undefined) return undefined;
  const { geometry } = ledger;
  let block = first.nextFree() ?? 0;
  const begin = geometry.offsetOf(first.index) + block * wireLimits.blockBytes;
  let end = begin;
  let partial: PartialPiece | undefined = first;
  while (partial !== undefined) {
    block = takeBlocks(partial, block, Math.ceil((begin + wishBytes - end) / wireLimits.blockBytes));
    const isWhole: boolean = block === partial.blockCount;
    end = isWhole
      ? geometry.offsetOf(partial.index) + partial.bytes.length
      : geometry.offsetOf(partial.index) + block * wireLimits.blockBytes;
    if (!isWhole || taker.isPieceBound || end - begin >= wishBytes) break;
    partial = follower(ledger, taker, partial.index + 1);
    block = 0;
  }
  return { begin, end };
}

/** Takes the free blocks from `block` on, at most `count`; returns the first that was not taken. */
function takeBlocks(partial: PartialPiece, block: number, count: number): number {
  const end = Math.min(partial.blockCount, block + count);
  let at = block;
  for (; at < end && !partial.isReceived(at) && partial.requestCount(at) === 0; at++) partial.requested(at);
  return at;
}

function pickPartial(ledger: PieceLedger, taker: RunTaker): PartialPiece | undefined {
  const { order } = ledger;
  const isLate = order?.isHeadLate(ledger) === true;
  let free: PartialPiece | undefined;
  for (const partial of ledger.open) {
    if (!taker.canGive(partial.index)) continue;
    if (isLate && !partial.isOnParole && order.isUrgent(partial.index)) return partial;
    if (partial.owner === taker.number) return partial;
    if (partial.owner === nobody && !partial.isOnParole) free ??= partial;
  }
  if (free !== undefined) free.owner = taker.number;
  return free;
}

function beginNew(ledger: PieceLedger, taker: RunTaker): PartialPiece | undefined {
  // As in picker.ts: whoever has nothing to do may go beyond the bound on buffers, up to a harder one.
  const room = taker.outstandingCount === 0 ? storageLimits.partialBytesHard : storageLimits.partialBytes;
  if (ledger.missing.size === 0 || ledger.partialBytes >= room) return undefined;
  const piece = nextPiece(ledger, taker);
  return piece === undefined ? undefined : ledger.begin(piece, taker.number);
}

function nextPiece(ledger: PieceLedger, taker: RunTaker): number | undefined {
  const { missing, geometry, order } = ledger;
  const isFit = (piece: number): boolean => missing.has(piece) && taker.canGive(piece) && ledger.mayBegin(piece, taker.number);
  if (order !== undefined) return order.first(ledger, isFit);
  const start = Math.floor(taker.cursor / geometry.pieceLength);
  if (taker.isReadingOn) return isFit(start) ? start : undefined;
  const isUneven = missing.availabilityOf(missing.at(0)) < missing.availabilityOf(missing.at(missing.size - 1));
  if (!isUneven && isFit(start)) return start;
  if (isUneven || missing.size <= fewMissing) {
    for (let rank = 0; rank < Math.min(missing.size, fewMissing); rank++) if (isFit(missing.at(rank))) return missing.at(rank);
  }
  for (let i = 0; i < geometry.pieceCount; i++) {
    const piece = (start + i) % geometry.pieceCount;
    if (isFit(piece)) return piece;
  }
  return undefined;
}

/** Blocks that nobody was asked for yet in pieces that others began: nothing new is left, or the buffers are used up. */
function pickLeftover(ledger: PieceLedger, taker: RunTaker): PartialPiece | undefined {
  for (const partial of ledger.open) if (!partial.isOnParole && taker.canGive(partial.index)) return partial;
  return undefined;
}

/** The piece behind a run, when the run may go on into it. */
function follower(ledger: PieceLedger, taker: RunTaker, piece: number): PartialPiece | undefined {
  if (!ledger.geometry.isPiece(piece) || !taker.canGive(piece)) return undefined;
  const partial = ledger.partials.get(piece);
  if (partial !== undefined) {
    if (partial.nextFree() !== 0 || (partial.owner !== taker.number && (partial.owner !== nobody || partial.isOnParole))) return undefined;
    partial.owner = taker.number;
    return partial;
  }
  const mayBegin = ledger.missing.has(piece) && ledger.mayBegin(piece, taker.number) && ledger.partialBytes < storageLimits.partialBytes;
  if (!mayBegin || (ledger.order !== undefined && ledger.order.first(ledger, () => true) !== piece)) return undefined;
  return ledger.begin(piece, taker.number);
}
