// Reads pieces from files that are complete under their final names: what a seeder gives. A file that is not what it was when its last byte
// was verified is not read: peers would be sent what they cannot use.

import { constants, fstatSync, open } from 'node:fs';
import { promisify } from 'node:util';
import { storageLimits } from '../config.ts';
import { StorageError } from '../errors.ts';
import type { FileSlice, Geometry } from '../metainfo/geometry.ts';
import type { TorrentFile } from '../metainfo/metainfo.ts';
import { type FileVersion, isSameContent, toFileVersion } from './file-stat.ts';
import { inDirectoryOf } from './held-directory.ts';
import { OpenFiles } from './open-files.ts';
import { readFully } from './positioned-io.ts';
import { isOutOfDescriptors, storageError } from './storage-error.ts';

const openFd = promisify(open);
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file, where it is, and what it looked like when it was complete. */
interface Final {
  readonly path: string;
  readonly version: FileVersion | undefined;
}

/** The complete files of one torrent, open for reading. */
export class FinalFiles {
  readonly #geometry: Geometry;
  readonly #finals: ReadonlyMap<number, Final>;
  readonly #openFiles = new OpenFiles<Final>(storageLimits.openFiles, openFinal);

  /** `versions` by file index. */
  constructor(
    geometry: Geometry,
    files: Iterable<{ readonly file: TorrentFile; readonly path: string }>,
    versions: ReadonlyMap<number, FileVersion>,
  ) {
    this.#geometry = geometry;
    this.#finals = new Map(Array.from(files, ({ file, path }) => [file.index, { path, version: versions.get(file.index) }]));
  }

  /** Fills `into` from `offset` of the piece on. Throws StorageError: `data-mismatch` when a file has changed. */
  async read(pieceIndex: number, offset: number, into: Uint8Array): Promise<void> {
    for (const slice of this.#geometry.slices(this.#geometry.offsetOf(pieceIndex) + offset, into.length)) {
      if (slice.file.pad) into.fill(0, slice.rangeOffset, slice.rangeOffset + slice.length);
      else await this.#readSlice(slice, into);
    }
  }

  /** Closes every file; nothing may be read any more. Never rejects: what closing a file that was only read may say is of no use. */
  async close(): Promise<void> {
    await this.#openFiles.closeAll().catch(() => {});
  }

  async #readSlice(slice: FileSlice, into: Uint8Array): Promise<void> {
    const final = this.#finals.get(slice.file.index);
    if (final === undefined)
      throw new StorageError('read-write-failed', `reading ${slice.file.path.join('/')}: it is not on disk, since it was not selected`);
    await this.#openFiles.use(final, async (fd) => {
      const error = await new Promise<Error | undefined>((resolve) => {
        readFully(fd, into, slice.rangeOffset, slice.length, slice.fileOffset, resolve);
      });
      // Afterwards: whoever writes is given a new time before his bytes can be read. A file that is too short now has changed, too.
      checkUnchanged(final, fd);
      if (error !== undefined) throw storageError(`reading ${final.path}`, error, 'read-write-failed');
    });
  }
}

/** Takes 3 us, for up to a MiB that is read then. */
function checkUnchanged({ path, version }: Final, fd: number): void {
  if (version !== undefined && !isSameContent(version, toFileVersion(fstatSync(fd, { bigint: true }))))
    throw new StorageError('data-mismatch', `reading ${path}: it has changed since it was verified`);
}

async function openFinal({ path }: Final): Promise<number> {
  try {
    return await inDirectoryOf(path, (heldPath) => openFd(heldPath, readFlags));
  } catch (error) {
    if (isOutOfDescriptors(error)) throw error;
    throw storageError(`opening ${path}`, error, 'open-failed');
  }
}
