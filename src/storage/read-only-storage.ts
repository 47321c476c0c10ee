// A download that is complete in a directory that cannot be written, on a read-only mount, say, or is not to be written. No lock is taken
// there and none is needed, since nothing is written; every byte is hashed.

import { StorageError } from '../errors.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { completeStorage } from './complete-storage.ts';
import { type FileStat, statPath } from './file-stat.ts';
import type { StorageOptions, TorrentStorage } from './storage.ts';
import { systemCode } from './storage-error.ts';
import { joinBelow } from './storage-paths.ts';
import { verifyFiles, type VerifyResult } from './verify-files.ts';

/** Whether `error`, met when the lock was to be taken, says that the directory cannot be written. */
export function isReadOnly(error: unknown): boolean {
  const code = error instanceof StorageError ? systemCode(error.cause) : undefined;
  return code === 'EROFS' || code === 'EACCES' || code === 'EPERM';
}

/** The storage of a download that is complete; undefined when it is not, or cannot be read. Throws the signal's reason when aborted. */
export async function openComplete(metainfo: Metainfo, options: StorageOptions): Promise<TorrentStorage | undefined> {
  const found = await verify(metainfo, options).catch((error: unknown) => {
    if (error instanceof StorageError) return undefined;
    throw error;
  });
  return found?.complete === true ? found.storage() : undefined;
}

/** The same for a seeder. Throws StorageError: `data-mismatch` when something is missing, or what kept a file from being read. */
export async function openForSeeding(metainfo: Metainfo, options: StorageOptions): Promise<TorrentStorage> {
  const { complete, verifiedPieces, pieceCount, storage } = await verify(metainfo, options);
  if (complete) return storage();
  throw new StorageError(
    'data-mismatch',
    `seeding ${metainfo.name}: only ${verifiedPieces} of ${pieceCount} pieces in ${options.outputDir} are verified; nothing was changed there`,
  );
}

interface Found extends VerifyResult {
  /** What is there, when that is complete. */
  readonly storage: () => TorrentStorage;
}

async function verify(metainfo: Metainfo, options: StorageOptions): Promise<Found> {
  const { outputDir, selection, signal, listener } = options;
  const onProgress = (checkedBytes: number, totalBytes: number): void => listener.checked(checkedBytes, totalBytes);
  const before = new Map([...selection].map((index) => [index, lookAt(joinBelow(outputDir, metainfo.files[index]?.path ?? []))]));
  const result = await verifyFiles(metainfo, { outputDir, selection, signal, onProgress });
  const storage = (): TorrentStorage => {
    for (const { file, path } of result.files) listener.fileCompleted(file, path, before.get(file.index));
    return completeStorage(metainfo, result.verified, options);
  };
  return { ...result, storage };
}

/** What a file looked like before it was hashed: one that changes meanwhile is then seen to have changed. */
function lookAt(path: string): FileStat | undefined {
  try {
    return statPath(path);
  } catch {
    return undefined;
  }
}
