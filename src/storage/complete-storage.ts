// The storage of a download of which nothing is missing, in a directory that is not written to. What it holds is read through final-files.ts.

import { StorageError } from '../errors.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { StorageOptions, TorrentStorage } from './storage.ts';

/** A storage that holds the `verified` pieces of the files selected, and takes nothing more. */
export function completeStorage(
  metainfo: Metainfo,
  verified: Bitfield,
  { outputDir, selection }: Pick<StorageOptions, 'outputDir' | 'selection'>,
): TorrentStorage {
  const geometry = new Geometry(metainfo);
  const refuse = (): Promise<never> => Promise.reject(new StorageError('read-write-failed', `${outputDir} is not open for writing`));
  const isHere = (pieceIndex: number): boolean =>
    geometry
      .slices(geometry.offsetOf(pieceIndex), geometry.lengthOf(pieceIndex))
      .every(({ file }) => file.pad || selection.has(file.index));
  return {
    metainfo,
    verified,
    writePiece: (pieceIndex) => (verified.has(pieceIndex) ? Promise.resolve() : refuse()),
    holds: (pieceIndex) => verified.has(pieceIndex) && isHere(pieceIndex),
    read: refuse,
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
