// One web seed: its URL, what it has, how it does, how many connections to it are worth having, and when it may be asked again. Its lanes
// do the talking.

import { webSeedLimits } from '../config.ts';
import type { FileSlice, Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { Clock } from '../support/clock.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { formatDuration } from '../support/format-duration.ts';
import { printable, redactUrl } from '../support/printable.ts';
import { type ContentRequest, fileUrl, pieceUrl } from './content-url.ts';
import { LaneCount } from './lane-count.ts';
import type { LaneHost } from './lane-host.ts';

/** How it stands with a web seed. */
export type WebSeedFate = 'unused' | 'serving' | 'failed' | 'sent-bad-data';

/** What is known of one web seed. Bytes, milliseconds. */
export interface WebSeedAccount {
  /** Its URL, secrets hidden. */
  readonly url: string;
  readonly fate: WebSeedFate;
  /** Why it failed, or which files it lacks; empty when nothing is wrong. */
  readonly message: string;
  /** Content that came from it, good or not. */
  readonly downloadedBytes: number;
  /** Pieces that failed their hash and to which it had sent blocks. */
  readonly badPieces: number;
  /** When its first block was here: of a `Download` since it began, here on the clock. */
  readonly firstBlockMs: number | undefined;
}

/** What a web seed is made of. */
export interface WebSeedParts {
  readonly url: string;
  /** The user gave the URL, which may then name this machine. */
  readonly isTyped: boolean;
  /** BEP 19: files below a URL. BEP 17: a program that gives pieces. */
  readonly kind: 'files' | 'pieces';
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  /** Pieces that are still to be had. */
  readonly needed: Pick<Bitfield, 'has'> & Iterable<number>;
  readonly clock: Clock;
  readonly listener: WebSeedListener;
}

/** What a web seed tells. */
export interface WebSeedListener {
  bytesRead(length: number): void;
  /** It gave content, for the first time or again after a failure; or it failed, in other words than before. */
  changed(seed: WebSeed, change: 'connected' | 'failed', message: string): void;
}

/** A web seed. */
export class WebSeed implements LaneHost {
  readonly name: string;
  readonly isTyped: boolean;
  readonly isPieceBound: boolean;
  readonly lanes: LaneCount;
  downloadedBytes = 0;
  isBanned = false;
  readonly #parts: WebSeedParts;
  /** Files that it does not have. */
  readonly #gone = new Set<number>();
  /** How many of them it was asked for since it gave something. */
  #goneInARow = 0;
  /** A piece that it could give when that was looked at last. */
  #givable: number | undefined;
  /** There was none. */
  #isSpent = false;
  #badPieces = 0;
  #guilt = 0;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** What it lacks; and why it failed last, if that was not all. */
  #lack = '';
  #message = '';
  #firstBlockMs: number | undefined;
  #isServing = false;

  constructor(parts: WebSeedParts) {
    this.#parts = parts;
    this.name = redactUrl(parts.url);
    this.isTyped = parts.isTyped;
    this.isPieceBound = parts.kind === 'pieces';
    this.lanes = new LaneCount(webSeedLimits.lanes);
  }

  /** Whether it may ever give anything more. It is asked often, and the look at all that is needed is long: what it found is kept. */
  get isUsable(): boolean {
    if (this.isBanned || this.#gone.size === 0) return !this.isBanned;
    if (this.#isSpent) return false;
    const { needed } = this.#parts;
    if (this.#givable !== undefined && needed.has(this.#givable) && this.canGive(this.#givable)) return true;
    for (const piece of needed) {
      if (!this.canGive(piece)) continue;
      this.#givable = piece;
      return true;
    }
    this.#isSpent = true; // for good: what is needed and what it has only become less
    return false;
  }

  get mayAsk(): boolean {
    return !this.isBanned && this.#parts.clock.nowMs() >= this.#notBeforeMs;
  }

  get account(): WebSeedAccount {
    const hasFailed = this.#message !== '' && !this.#isServing;
    const fate = this.isBanned ? 'sent-bad-data' : hasFailed ? 'failed' : this.downloadedBytes > 0 ? 'serving' : 'unused';
    return {
      url: this.name,
      fate,
      message: this.#message,
      downloadedBytes: this.downloadedBytes,
      badPieces: this.#badPieces,
      firstBlockMs: this.#firstBlockMs,
    };
  }

  canGive(pieceIndex: number): boolean {
    if (this.#gone.size === 0) return true;
    const { geometry } = this.#parts;
    return geometry.slices(geometry.offsetOf(pieceIndex), geometry.lengthOf(pieceIndex)).every(({ file }) => !this.#gone.has(file.index));
  }

  requestFor(slice: FileSlice, skipped: number): ContentRequest {
    const { url, metainfo, geometry, kind } = this.#parts;
    const fileIndex = slice.file.index;
    if (kind === 'files') {
      const range = { begin: slice.fileOffset + skipped, end: slice.fileOffset + slice.length };
      return { url: fileUrl(url, metainfo, slice.file), fileIndex, range, ...range, fileLength: slice.file.length };
    }
    const at = slice.file.torrentOffset + slice.fileOffset + skipped;
    const length = slice.length - skipped;
    const piece = Math.floor(at / geometry.pieceLength);
    const offset = at - geometry.offsetOf(piece);
    const whole = geometry.lengthOf(piece);
    return {
      url: pieceUrl(url, metainfo.infohash, piece, offset, length, whole),
      fileIndex,
      range: undefined,
      begin: 0,
      end: length,
      fileLength: length,
    };
  }

  bytesRead(length: number): void {
    this.#parts.listener.bytesRead(length);
  }

  received(length: number, blocks: number): void {
    this.downloadedBytes += length;
    if (blocks === 0) return;
    this.#goneInARow = 0;
    this.#firstBlockMs ??= this.#parts.clock.nowMs();
    if (this.#isServing) return;
    this.#isServing = true;
    this.#message = this.#lack;
    this.#failures = 0;
    this.#parts.listener.changed(this, 'connected', '');
  }

  gone(fileIndex: number, message: string): void {
    this.#gone.add(fileIndex);
    // Who named a server that has none of a million files may want us to ask it for each.
    if (++this.#goneInARow % webSeedLimits.goneInARow === 0) this.#notBeforeMs = this.#parts.clock.nowMs() + this.#nextWaitMs();
    const file = this.#parts.metainfo.files[fileIndex];
    const isAlone = !this.#parts.metainfo.isMultiFile || file === undefined;
    this.#lack = isAlone ? message : `${message} for ${printable(file.path.at(-1) ?? '', 100)}${this.#gone.size > 1 ? ' and others' : ''}`;
    this.#tell(this.#lack);
  }

  busy(retryMs: number | undefined, message: string): void {
    this.lanes.wasTooMany();
    const waitMs = retryMs ?? this.#nextWaitMs();
    this.#notBeforeMs = this.#parts.clock.nowMs() + waitMs;
    this.#tell(`${message}, asked again in ${formatDuration(waitMs)}`);
  }

  failed(message: string): void {
    const waitMs = this.#nextWaitMs();
    this.#notBeforeMs = this.#parts.clock.nowMs() + waitMs;
    this.#tell(message);
  }

  knowsNoRanges(): void {
    this.lanes.onlyOne();
  }

  /** A piece to which it had sent blocks failed its hash. */
  pieceFailed(): void {
    this.#badPieces++;
  }

  /** A bad piece was proven to be its. Returns whether it is now not to be used again. */
  provenGuilty(): boolean {
    this.#guilt++;
    if (this.isBanned || this.#guilt < webSeedLimits.badPieces) return false;
    this.isBanned = true;
    this.#message = `sent wrong bytes (${formatBytes(this.downloadedBytes)} received)`;
    return true;
  }

  #nextWaitMs(): number {
    this.#failures++;
    return this.#failures >= webSeedLimits.failures ? webSeedLimits.offMs : webSeedLimits.retryMs;
  }

  #tell(message: string): void {
    const isNews = this.#isServing || message !== this.#message;
    this.#isServing = false;
    this.#message = message;
    if (isNews) this.#parts.listener.changed(this, 'failed', message);
  }
}
