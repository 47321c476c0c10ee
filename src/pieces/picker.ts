// What to ask of a peer next: the shared queue of the torrent, seen from one peer. In this order:
//
//   1 the pieces it has begun itself: one peer, one piece keeps blame simple and the buffers few
//   2 pieces that lost their peer
//   3 a new piece, the rarest it has (the first few at random: a newcomer should not crowd on the same rare ones)
//   4 blocks left over in other peers' pieces: when nothing new is left, or the buffers are used up
//
// In a download in the torrent's order "rarest" reads "first in the window", and before all else come the blocks left over near the head of
// the window, when that is late (sequential-order.ts).
//
// A peer that finds nothing in all of them and owes us nothing may begin one piece beyond the bound on buffers: else a few slow peers with
// large pieces would keep a fast one idle. What is then still missing is on request at somebody: endgame.ts. A policy: it reads the ledger and returns choices.

import { storageLimits } from '../config.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { Random } from '../support/random.ts';
import { type PartialPiece, type PeerNumber, nobody } from './partial-piece.ts';
import type { PieceLedger } from './piece-ledger.ts';

/** What the picker needs to know of a peer. */
export interface PickerPeer {
  readonly number: PeerNumber;
  /** It has the piece and we may ask for it now. */
  canGive(pieceIndex: number): boolean;
  /** What it has. */
  readonly pieces: Bitfield;
  /** Nothing but these may be asked of it now (BEP 6, allowed fast); undefined when anything may. */
  readonly onlyPieces: ReadonlySet<number> | undefined;
  /** What it owes us. */
  readonly outstandingCount: number;
}

/** One block to ask for. It has been noted as requested. */
export interface BlockChoice {
  readonly partial: PartialPiece;
  readonly blockIndex: number;
}

/** So many pieces are begun at random before rarity rules. */
const randomFirstPieces = 4;
/** So many of the rarest pieces are looked at for one that the peer has: 10 us. */
const looksAtRarest = 2048;
/** A peer that has none of them gives the rarest of so many others. */
const sampleSize = 64;

/** Takes up to `count` blocks for `peer` and notes them as requested. */
export function pickBlocks(ledger: PieceLedger, peer: PickerPeer, count: number, random: Random): BlockChoice[] {
  const choices: BlockChoice[] = [];
  const takeFrom = (partial: PartialPiece): void => {
    while (choices.length < count) {
      const blockIndex = partial.nextFree();
      if (blockIndex === undefined) return;
      partial.requested(blockIndex);
      choices.push({ partial, blockIndex });
    }
  };
  const { order } = ledger;
  if (order?.isHeadLate(ledger) === true) {
    takeFromPartials(ledger, peer, (partial) => !partial.isOnParole && order.isUrgent(partial.index), takeFrom);
  }
  takeFromPartials(ledger, peer, (partial) => partial.owner === peer.number, takeFrom);
  if (choices.length < count) {
    takeFromPartials(
      ledger,
      peer,
      (partial) => partial.owner === nobody && !partial.isOnParole,
      (partial) => {
        partial.owner = peer.number;
        takeFrom(partial);
      },
    );
  }
  while (choices.length < count && ledger.partialBytes < storageLimits.partialBytes) {
    const piece = pickNewPiece(ledger, peer, random);
    if (piece === undefined) break;
    takeFrom(ledger.begin(piece, peer.number));
  }
  if (choices.length < count) takeFromPartials(ledger, peer, (partial) => !partial.isOnParole, takeFrom);
  if (choices.length === 0 && peer.outstandingCount === 0 && ledger.partialBytes < storageLimits.partialBytesHard) {
    const piece = pickNewPiece(ledger, peer, random);
    if (piece !== undefined) takeFrom(ledger.begin(piece, peer.number));
  }
  return choices;
}

function takeFromPartials(
  ledger: PieceLedger,
  peer: PickerPeer,
  isEligible: (partial: PartialPiece) => boolean,
  take: (partial: PartialPiece) => void,
): void {
  for (const partial of ledger.open) if (isEligible(partial) && peer.canGive(partial.index)) take(partial);
}

/** The rarest missing piece that the peer can give; at first, one at random. */
function pickNewPiece(ledger: PieceLedger, peer: PickerPeer, random: Random): number | undefined {
  const { missing } = ledger;
  if (missing.size === 0) return undefined;
  if (ledger.order !== undefined) return ledger.order.first(ledger, (piece) => peer.canGive(piece) && ledger.mayBegin(piece, peer.number));
  if (peer.onlyPieces !== undefined) return rarestOf(peer.onlyPieces, ledger, peer);
  const begun = ledger.wantedVerified + ledger.partials.size;
  const start = begun < randomFirstPieces ? Math.floor(random.fraction() * missing.size) : 0;
  const looks = Math.min(missing.size, looksAtRarest);
  for (let i = 0; i < looks; i++) {
    const piece = missing.at((start + i) % missing.size);
    if (peer.canGive(piece) && ledger.mayBegin(piece, peer.number)) return piece;
  }
  if (looks === missing.size) return undefined;
  // The rarest ones pile up when only slow peers have them, a million of them in a large torrent: no pick may go through them all.
  return rarestOf(peer.pieces.common(ledger.needed, Math.floor(random.fraction() * peer.pieces.size)), ledger, peer);
}

/** The rarest of the first `sampleSize` of `pieces` that may be begun. */
function rarestOf(pieces: Iterable<number>, ledger: PieceLedger, peer: PickerPeer): number | undefined {
  const { missing } = ledger;
  let rarest: number | undefined;
  let found = 0;
  for (const piece of pieces) {
    if (!missing.has(piece) || !peer.canGive(piece) || !ledger.mayBegin(piece, peer.number)) continue;
    if (rarest === undefined || missing.availabilityOf(piece) < missing.availabilityOf(rarest)) rarest = piece;
    if (++found === sampleSize) break;
  }
  return rarest;
}
