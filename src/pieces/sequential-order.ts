// Pieces in the torrent's order, for whoever uses the beginning before the end is there: only those in a window that begins with the first
// one still lacking may be begun, so that what arrives too early is bounded. Who holds up the head of the window holds up everything:
// its blocks are then urgent, and asked of a quicker peer as well. Pure: it reads the ledger's facts.

/** How far to read ahead, and what counts as done. */
export interface SequentialOptions {
  /** How many pieces the window has. */
  readonly windowPieces: number;
  /** The window begins with the first piece of which this is false. Default: it is verified. */
  readonly isPassed?: (pieceIndex: number) => boolean;
}

/** What the ledger knows of pieces that are not here yet. */
interface PieceFacts {
  readonly missing: { has(pieceIndex: number): boolean };
  readonly partials: { has(pieceIndex: number): boolean; readonly size: number };
}

/** So much of the window may have arrived behind a head that is not complete; from then on the head is late. */
const lateShare = 1 / 4;
/** So much of the window is urgent while its head is late. */
const urgentShare = 1 / 4;
/** One piece in the making while the one before it is used. */
const fewestPieces = 2;
/** So many are looked at for one that fits, 0.1 ms: the 65 536 small pieces of a spool, at each pick for a peer that has none, are 2 ms. */
const looksMax = 4096;

/** How many pieces of `pieceLength` bytes a window of `readAheadBytes` has: never less than two. */
export function windowPiecesOf(readAheadBytes: number, pieceLength: number): number {
  return Math.max(fewestPieces, Math.floor(readAheadBytes / pieceLength));
}

/** The window over the pieces of one download. */
export class SequentialOrder {
  /** In the torrent's order. */
  readonly #pieces: Int32Array;
  readonly #windowPieces: number;
  readonly #isPassed: (pieceIndex: number) => boolean;
  #head = 0;
  /** No piece before this position is missing. */
  #scanned = 0;

  /** `pieces`: those to be fetched, in ascending order. */
  constructor(pieces: readonly number[], windowPieces: number, isPassed: (pieceIndex: number) => boolean) {
    this.#pieces = Int32Array.from(pieces);
    this.#windowPieces = windowPieces;
    this.#isPassed = isPassed;
  }

  /** The first missing piece of the window that `isFit`; undefined when there is none, or none near the first missing one. */
  first({ missing }: Pick<PieceFacts, 'missing'>, isFit: (pieceIndex: number) => boolean): number | undefined {
    const end = Math.min(this.#advancedHead() + this.#windowPieces, this.#pieces.length);
    while (this.#scanned < end && !missing.has(this.#at(this.#scanned))) this.#scanned++;
    const lookEnd = Math.min(end, this.#scanned + looksMax);
    for (let position = this.#scanned; position < lookEnd; position++) {
      const piece = this.#at(position);
      if (missing.has(piece) && isFit(piece)) return piece;
    }
    return undefined;
  }

  /** A piece that was begun is missing again. */
  returned(): void {
    this.#scanned = this.#head;
  }

  /** Nothing more may be begun, and a piece under way is what all the rest waits for. (A complete head waits for whoever uses it.) */
  isHeldUp(facts: PieceFacts): boolean {
    return facts.partials.has(this.#at(this.#advancedHead())) && this.first(facts, () => true) === undefined;
  }

  /** The head is under way while much behind it has arrived already. */
  isHeadLate({ partials }: PieceFacts): boolean {
    const head = this.#advancedHead();
    return this.#scanned - head - partials.size >= this.#windowPieces * lateShare && partials.has(this.#at(head));
  }

  /** Whether the piece is near the head of the window. */
  isUrgent(pieceIndex: number): boolean {
    const last = Math.min(this.#head + Math.floor(this.#windowPieces * urgentShare), this.#pieces.length - 1);
    return pieceIndex <= this.#at(last);
  }

  #advancedHead(): number {
    while (this.#head < this.#pieces.length && this.#isPassed(this.#at(this.#head))) this.#head++;
    this.#scanned = Math.max(this.#scanned, this.#head);
    return this.#head;
  }

  #at(position: number): number {
    return this.#pieces[position] ?? -1;
  }
}
