// Whoever may keep a complete file from its final name: the checks of one download, asked in turn.

import { StorageError } from '../errors.ts';
import type { TorrentFile } from '../metainfo/metainfo.ts';
import { partSuffix } from '../metainfo/name-clashes.ts';
import type { StorageOptions } from '../storage/storage.ts';

/** A file whose every byte is verified and on disk, under its temporary name. */
export interface CompleteFile {
  readonly file: TorrentFile;
  /** Where it is; absolute. It may be read and must not be changed. */
  readonly partPath: string;
  /** Where it is to be; absolute. */
  readonly finalPath: string;
}

/** Resolves to agree; rejects to veto. Gives up when `signal` aborts. */
export type Approve = (complete: CompleteFile, signal: AbortSignal) => Promise<void>;

type Check = StorageOptions['approve'];

/** The storage's option for `checks`, each asked when the ones before it agreed; an empty object when there is none. */
export function approvedBy(...checks: readonly Check[]): Pick<StorageOptions, 'approve'> {
  const asked = checks.filter((check) => check !== undefined);
  if (asked.length === 0) return {};
  return {
    approve: async (file, partPath) => {
      for (const check of asked) await check(file, partPath);
    },
  };
}

/** The check that a caller brings. What it rejects with ends the download: a StorageError as it is, anything else as `hook-failed`. */
export function callersCheck(approve: Approve | undefined, signal: AbortSignal): Check {
  if (approve === undefined) return undefined;
  return async (file, partPath) => {
    try {
      await approve({ file, partPath, finalPath: partPath.slice(0, -partSuffix.length) }, signal);
    } catch (error) {
      if (error instanceof StorageError) throw error;
      throw new StorageError('hook-failed', `${partPath} was not approved: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  };
}
