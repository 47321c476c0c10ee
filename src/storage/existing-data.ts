// Finds out at the start which pieces are on disk: those that the saved state vouches for, the rest by hashing what is there; and decides
// what becomes of files that have their final name and are not complete.

import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { Bitfield } from '../support/bitfield.ts';
import { equalBytes } from '../support/bytes.ts';
import { checkPieces } from './check-pieces.ts';
import { type ExistingPiece, judgeExistingFile, somebodyElses } from './existing-file.ts';
import { ByteReader, rangeInFile } from './file-content.ts';
import type { FileStat } from './file-stat.ts';
import { digestOfZeros, pieceVerdict } from './piece-hasher.ts';
import { vouchesFor } from './state-codec.ts';
import type { FoundFile, Source, Survey } from './survey.ts';
import type { FileReplacement } from './work-file.ts';

/** How a check is watched and stopped. */
export interface CheckControl {
  readonly signal: AbortSignal;
  readonly onProgress: (checkedBytes: number, totalBytes: number) => void;
}

/** What is known of the data of a survey. `verified` grows by `check` and shrinks by `useSource`. */
export class ExistingData {
  /** Pieces whose wanted bytes are on disk. */
  readonly verified: Bitfield;
  readonly #metainfo: Metainfo;
  readonly #geometry: Geometry;
  readonly #sources: (Source | undefined)[];
  /** Pieces that were read and hold nothing but zeros where they should not. */
  readonly #zeros: Bitfield;
  /** By piece length, of which there are two at most. */
  readonly #zeroDigests = new Map<number, Uint8Array>();
  /** Pieces of files that no record describes: of all others it is known that they are missing when they are not verified. */
  readonly #unrecorded: Bitfield;

  constructor(metainfo: Metainfo, geometry: Geometry, survey: Survey) {
    this.#metainfo = metainfo;
    this.#geometry = geometry;
    this.#sources = [...survey.sources];
    this.#zeros = new Bitfield(metainfo.pieceCount);
    this.#unrecorded = new Bitfield(metainfo.pieceCount);
    this.verified = survey.wantedPieces.clone();
    for (const found of survey.wanted) this.#takeRecord(found);
  }

  /** Hashes every wanted piece that the saved state does not describe and whose files are all there. Throws as `checkPieces` does. */
  async check(control: CheckControl): Promise<void> {
    const pieces = this.#checkablePieces();
    const sources = this.#sources.map((source) => source?.path);
    const verdicts = await checkPieces(this.#metainfo, { sources, pieces, ...control });
    for (const [i, pieceIndex] of pieces.entries()) {
      if (verdicts[i] === pieceVerdict.valid) this.verified.add(pieceIndex);
      else if (verdicts[i] === pieceVerdict.zeros) this.#zeros.add(pieceIndex);
    }
  }

  /** Whether the file has its final name and every byte of it is verified. */
  isComplete(found: FoundFile): boolean {
    if (found.final?.size !== found.file.length) return false;
    const { begin, end } = this.#geometry.piecesOf(found.file);
    for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
      if (!this.verified.has(pieceIndex) && !this.#vouches(found, pieceIndex)) return false;
    }
    return true;
  }

  /**
   * The file under the final name of `found`, which is not complete, as one that the verified result may replace. Throws StorageError
   * `in-the-way` when it is somebody else's and `overwrite` is not set.
   */
  replacementOf(found: FoundFile, final: FileStat, overwrite: boolean): FileReplacement {
    if (overwrite) return { stat: final, isUndecided: false };
    const { begin, end } = this.#geometry.piecesOf(found.file);
    const pieces: ExistingPiece[] = [];
    for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) pieces.push(this.#existingPiece(found, final, pieceIndex));
    // A file that should be empty and is not has no piece to say so.
    if (found.file.length === 0) pieces.push('wrong');
    const judgement = judgeExistingFile(pieces);
    if (judgement.decision === 'refuse') throw somebodyElses(found.finalPath, judgement);
    return { stat: final, isUndecided: judgement.decision === 'undecided' };
  }

  /**
   * Throws StorageError `in-the-way` when the `.part` of `found` is somebody else's: another program's unfinished download, say. One that
   * the saved state tells of is ours. Else the same rule holds as for final files, and it never refuses one of ours: we write only verified
   * pieces, each from its front to its end, so that one which a kill cut short ends with a zero.
   */
  refuseForeignPart(found: FoundFile): void {
    const { part, partPath, file } = found;
    if (part === undefined || found.isPartOurs || part.size === 0) return;
    // When there is a final file too, that was hashed; of the `.part` only the length is known.
    const pieces = part.size > file.length ? ['wrong' as const] : found.final === undefined ? this.#partPieces(found, part) : [];
    const judgement = judgeExistingFile(pieces);
    if (judgement.decision === 'refuse') throw somebodyElses(partPath, judgement);
  }

  /** The pieces of `found` are from now on read from `source`, and have to be checked there. */
  useSource(found: FoundFile, source: Source | undefined): void {
    this.#sources[found.file.index] = source;
    const { begin, end } = this.#geometry.piecesOf(found.file);
    for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
      this.verified.delete(pieceIndex);
      this.#unrecorded.add(pieceIndex);
    }
  }

  /** How many pieces that hold bytes of the file are not verified. */
  missingPieces(found: FoundFile): number {
    const { begin, end } = this.#geometry.piecesOf(found.file);
    let missing = 0;
    for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) if (!this.verified.has(pieceIndex)) missing++;
    return missing;
  }

  #vouches(found: FoundFile, pieceIndex: number): boolean {
    return found.record !== undefined && vouchesFor(found.record, found.file, this.#geometry, pieceIndex);
  }

  #takeRecord(found: FoundFile): void {
    const { begin, end } = this.#geometry.piecesOf(found.file);
    for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
      if (found.record === undefined) this.#unrecorded.add(pieceIndex);
      if (!this.#vouches(found, pieceIndex)) this.verified.delete(pieceIndex);
    }
  }

  #checkablePieces(): number[] {
    const pieces: number[] = [];
    if (this.#sources.every((source) => source === undefined || source.size === 0)) return pieces;
    for (let pieceIndex = 0; pieceIndex < this.#metainfo.pieceCount; pieceIndex++) {
      if (!this.#unrecorded.has(pieceIndex) || this.verified.has(pieceIndex)) continue;
      const slices = this.#geometry.slices(this.#geometry.offsetOf(pieceIndex), this.#geometry.lengthOf(pieceIndex));
      const isThere = slices.every(
        ({ file, fileOffset, length }) => file.pad || fileOffset + length <= (this.#sources[file.index]?.size ?? 0),
      );
      if (isThere) pieces.push(pieceIndex);
    }
    return pieces;
  }

  #existingPiece(found: FoundFile, final: FileStat, pieceIndex: number): ExistingPiece {
    if (this.verified.has(pieceIndex)) return this.#shouldBeZeros(pieceIndex) ? 'empty' : 'valid';
    if (this.#zeros.has(pieceIndex)) return 'empty';
    if (final.size <= this.#geometry.offsetOf(pieceIndex) - found.file.torrentOffset || final.size === 0) return 'empty';
    return final.size === found.file.length && this.#isShared(pieceIndex) ? 'unknown' : 'wrong';
  }

  *#partPieces(found: FoundFile, part: FileStat): Generator<ExistingPiece> {
    const { begin, end } = this.#geometry.piecesOf(found.file);
    const bytes = new ByteReader(found.partPath);
    try {
      for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
        const { fileOffset, length } = rangeInFile(this.#geometry, found.file, pieceIndex);
        const piece = this.#existingPiece(found, part, pieceIndex);
        if (piece !== 'wrong') yield piece;
        else if (fileOffset + length > part.size || bytes.at(fileOffset + length - 1) === 0) yield 'empty';
        else yield this.#isShared(pieceIndex) ? 'unknown' : 'wrong';
      }
    } finally {
      bytes.close();
    }
  }

  #shouldBeZeros(pieceIndex: number): boolean {
    const expected = this.#metainfo.pieceHashes.subarray(pieceIndex * 20, pieceIndex * 20 + 20);
    const length = this.#geometry.lengthOf(pieceIndex);
    const zeros = this.#zeroDigests.get(length) ?? digestOfZeros(length);
    this.#zeroDigests.set(length, zeros);
    return equalBytes(expected, zeros);
  }

  #isShared(pieceIndex: number): boolean {
    const slices = this.#geometry.slices(this.#geometry.offsetOf(pieceIndex), this.#geometry.lengthOf(pieceIndex));
    return slices.filter(({ file }) => !file.pad).length > 1;
  }
}
