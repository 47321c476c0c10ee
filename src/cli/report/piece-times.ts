// When each piece came, and the pieces drawn together into as many cells as a map can show. Pure.

import type { Metainfo } from '../../index.ts';
import type { PieceCell } from './report.ts';

/** Cells of a map at most: what can be told apart on a page. */
const cellsMax = 1440;

/** The times of one torrent's pieces. */
export class PieceTimes {
  /** Milliseconds, NaN for a piece that has not come. Exact up to four hours, and within a thousandth of a percent beyond. */
  readonly #times: Float32Array;
  readonly #isWanted: (piece: number) => boolean;

  constructor(metainfo: Pick<Metainfo, 'pieceCount' | 'pieceLength' | 'files'>, selection: ReadonlySet<number> | undefined) {
    this.#times = new Float32Array(metainfo.pieceCount).fill(Number.NaN);
    if (selection === undefined) {
      this.#isWanted = () => true;
      return;
    }
    const wanted = new Uint8Array(metainfo.pieceCount);
    for (const { index, torrentOffset, length } of metainfo.files) {
      if (!selection.has(index) || length === 0) continue;
      wanted.fill(1, Math.floor(torrentOffset / metainfo.pieceLength), Math.ceil((torrentOffset + length) / metainfo.pieceLength));
    }
    this.#isWanted = (piece) => wanted[piece] === 1;
  }

  came(pieceIndex: number, nowMs: number): void {
    this.#times[pieceIndex] = nowMs;
  }

  /** All pieces in order; `isThere` tells which are verified now. */
  cells(isThere: (pieceIndex: number) => boolean): PieceCell[] {
    const pieceCount = this.#times.length;
    const cellCount = Math.min(pieceCount, cellsMax);
    return Array.from({ length: cellCount }, (_, cell) => {
      const first = Math.floor((cell * pieceCount) / cellCount);
      const end = Math.floor(((cell + 1) * pieceCount) / cellCount);
      return this.#cell(first, end - first, isThere);
    });
  }

  #cell(first: number, count: number, isThere: (pieceIndex: number) => boolean): PieceCell {
    let wanted = 0;
    let before = 0;
    let fetched = 0;
    let sumMs = 0;
    for (let piece = first; piece < first + count; piece++) {
      const ms = this.#times[piece] ?? Number.NaN;
      if (this.#isWanted(piece)) wanted++;
      if (!Number.isNaN(ms)) {
        fetched++;
        sumMs += ms;
      } else if (isThere(piece)) before++;
    }
    return { first, count, wanted, before, fetched, atMs: fetched === 0 ? null : Math.round(sumMs / fetched) };
  }
}
