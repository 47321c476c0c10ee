// In which order pieces are fetched, as the options and the storage have it.

import { storageLimits } from '../config.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { type SequentialOptions, windowPiecesOf } from '../pieces/sequential-order.ts';
import type { TorrentStorage } from '../storage/storage.ts';
import type { DownloadOptions } from './options.ts';

/** What a download in the torrent's order is bound to; undefined for one that takes the rarest first. A storage that passes pieces on has only one order. */
export function sequentialOptions(
  { pieceLength }: Pick<Metainfo, 'pieceLength'>,
  options: Pick<DownloadOptions, 'order' | 'readAheadBytes' | 'checksums' | 'sums'>,
  { ordered }: Pick<TorrentStorage, 'ordered'>,
): SequentialOptions | undefined {
  // In order, whole files can be summed up from memory.
  const isSummed = (options.checksums?.size ?? 0) + (options.sums?.length ?? 0) > 0;
  if (options.order !== 'sequential' && !isSummed && ordered === undefined) return undefined;
  return {
    windowPieces: windowPiecesOf(options.readAheadBytes ?? storageLimits.readAheadBytes, pieceLength),
    ...(ordered !== undefined && { isPassed: (piece: number) => piece < ordered.nextPiece }),
  };
}
