// The storage of a download of which nothing is missing, in a directory that is not written to.

import { StorageError } from '../errors.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { TorrentStorage } from './storage.ts';

/** A storage that holds `verified` and takes nothing more. */
export function completeStorage(metainfo: Metainfo, verified: Bitfield, outputDir: string): TorrentStorage {
  const refuse = (): Promise<never> => Promise.reject(new StorageError('read-write-failed', `${outputDir} is not open for writing`));
  return {
    metainfo,
    verified,
    writePiece: (pieceIndex) => (verified.has(pieceIndex) ? Promise.resolve() : refuse()),
    holds: () => false,
    read: refuse,
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
