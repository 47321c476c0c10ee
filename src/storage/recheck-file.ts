// Hashes a file once more before it gets its final name, when another program may have written to it (change-watch.ts).

import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { checkPieces } from './check-pieces.ts';
import { pieceVerdict } from './piece-hasher.ts';
import { changedByOthers } from './publish-file.ts';
import type { WorkFile } from './work-file.ts';

/** The download that the file belongs to. */
export interface RecheckParts {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly works: readonly WorkFile[];
  /** By file index: where files that are not wanted but share a piece with one that is can be read. */
  readonly neighbours: readonly (string | undefined)[];
  readonly signal: AbortSignal;
}

/**
 * Hashes every piece of `work`, all of which were verified, as it is on disk now. Throws StorageError when one is wrong, or cannot be told
 * because a file that is not wanted has a part in it and is not there; the signal's reason when aborted.
 */
export async function recheckFile(work: WorkFile, parts: RecheckParts): Promise<void> {
  const { metainfo, geometry, works, neighbours, signal } = parts;
  const sources = [...neighbours];
  for (const other of works) sources[other.file.index] = other.place === 'final' ? other.finalPath : other.partPath;
  const { begin, end } = geometry.piecesOf(work.file);
  const pieces = Array.from({ length: end - begin }, (_, i) => begin + i);
  const verdicts = await checkPieces(metainfo, { sources, pieces, signal, onProgress: () => undefined });
  if (verdicts.some((verdict) => verdict !== pieceVerdict.valid)) throw changedByOthers(work.partPath);
}
