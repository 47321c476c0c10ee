// What to ask of a peer next: the shared queue of the torrent, seen from one peer. In this order:
//
//   1 the pieces it has begun itself: one peer, one piece keeps blame simple and the buffers few
//   2 pieces that lost their peer
//   3 a new piece, the rarest it has (the first few at random: a newcomer should not crowd on the same rare ones)
//   4 blocks left over in other peers' pieces: when nothing new is left, or the buffers are used up
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
  /** How many of them we need. */
  readonly neededCount: number;
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
/** How many pieces of a sparse bitfield are passed over in the time of one look at a missing piece. */
const piecesPerStep = 16;

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
  for (const partial of ledger.partials.values()) {
    if (partial.freeCount > 0 && isEligible(partial) && peer.canGive(partial.index)) take(partial);
  }
}

/** The rarest missing piece that the peer can give; at first, one at random. */
function pickNewPiece(ledger: PieceLedger, peer: PickerPeer, random: Random): number | undefined {
  const { missing } = ledger;
  if (missing.size === 0) return undefined;
  if (peer.onlyPieces !== undefined) return rarestOf(peer.onlyPieces, ledger, peer);
  // In the mean `missing.size / neededCount` steps find a piece of it here; one step there passes over eight pieces that it lacks.
  if (peer.neededCount * peer.pieces.size < piecesPerStep * missing.size) return rarestOf(peer.pieces, ledger, peer);
  const begun = ledger.wantedVerified + ledger.partials.size;
  const start = begun < randomFirstPieces ? Math.floor(random.fraction() * missing.size) : 0;
  for (let i = 0; i < missing.size; i++) {
    const piece = missing.at((start + i) % missing.size);
    if (peer.canGive(piece) && ledger.mayBegin(piece, peer.number)) return piece;
  }
  return undefined;
}

function rarestOf(pieces: Iterable<number>, ledger: PieceLedger, peer: PickerPeer): number | undefined {
  const { missing } = ledger;
  let rarest: number | undefined;
  for (const piece of pieces) {
    if (!missing.has(piece) || !peer.canGive(piece) || !ledger.mayBegin(piece, peer.number)) continue;
    if (rarest === undefined || missing.availabilityOf(piece) < missing.availabilityOf(rarest)) rarest = piece;
  }
  return rarest;
}
