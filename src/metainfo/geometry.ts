// Piece and file arithmetic (BEP 3): which bytes are a piece, which blocks a piece has, which parts of which files a range covers.
// The one place where a number from the network becomes an index. Pure; offsets are safe integers, never 32-bit.

import { wireLimits } from '../config.ts';
import { assert } from '../errors.ts';
import type { Metainfo, TorrentFile } from './metainfo.ts';

/** A part of one file. */
export interface FileSlice {
  readonly file: TorrentFile;
  /** Where the slice begins in the file. */
  readonly fileOffset: number;
  /** Where the slice begins in the range that was asked for. */
  readonly rangeOffset: number;
  readonly length: number;
}

/** The shape of a torrent's bytes. */
export class Geometry {
  readonly pieceCount: number;
  readonly pieceLength: number;
  readonly totalLength: number;
  readonly #files: readonly TorrentFile[];

  constructor(metainfo: Pick<Metainfo, 'pieceCount' | 'pieceLength' | 'totalLength' | 'files'>) {
    this.pieceCount = metainfo.pieceCount;
    this.pieceLength = metainfo.pieceLength;
    this.totalLength = metainfo.totalLength;
    this.#files = metainfo.files;
  }

  /** Whether `index`, a number from anywhere, names a piece. */
  isPiece(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.pieceCount;
  }

  /** Bytes of piece `index`: all are `pieceLength` long but the last. */
  lengthOf(index: number): number {
    return index === this.pieceCount - 1 ? this.totalLength - index * this.pieceLength : this.pieceLength;
  }

  /** How many blocks piece `index` has. */
  blockCountOf(index: number): number {
    return Math.ceil(this.lengthOf(index) / wireLimits.blockBytes);
  }

  /** Bytes of a block: 16 KiB but for the last of a piece. */
  blockLength(index: number, blockIndex: number): number {
    return Math.min(wireLimits.blockBytes, this.lengthOf(index) - blockIndex * wireLimits.blockBytes);
  }

  /** Where piece `index` begins in the torrent's bytes. */
  offsetOf(index: number): number {
    return index * this.pieceLength;
  }

  /** The parts of files that the `length` bytes from `torrentOffset` cover, in order; files without a byte there are left out. */
  slices(torrentOffset: number, length: number): FileSlice[] {
    assert(
      torrentOffset >= 0 && torrentOffset + length <= this.totalLength,
      `range ${torrentOffset}+${length} of ${this.totalLength} bytes`,
    );
    const slices: FileSlice[] = [];
    let at = torrentOffset;
    const end = torrentOffset + length;
    for (let i = this.#fileAt(torrentOffset); at < end; i++) {
      const file = this.#files[i] as TorrentFile;
      const sliceLength = Math.min(end, file.torrentOffset + file.length) - at;
      if (sliceLength <= 0) continue;
      slices.push({ file, fileOffset: at - file.torrentOffset, rangeOffset: at - torrentOffset, length: sliceLength });
      at += sliceLength;
    }
    return slices;
  }

  /** The pieces that hold bytes of `file`, half-open; empty for an empty file. */
  piecesOf(file: TorrentFile): { readonly begin: number; readonly end: number } {
    const begin = Math.floor(file.torrentOffset / this.pieceLength);
    if (file.length === 0) return { begin, end: begin };
    return { begin, end: Math.floor((file.torrentOffset + file.length - 1) / this.pieceLength) + 1 };
  }

  /** The last file that begins at or before `torrentOffset`, by binary search. */
  #fileAt(torrentOffset: number): number {
    let low = 0;
    let high = this.#files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#files[middle] as TorrentFile).torrentOffset <= torrentOffset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
