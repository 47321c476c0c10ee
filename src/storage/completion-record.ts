// Remembers downloads that are complete, so that the next run need not hash them: a small file for each in the user's state directory, with
// size, times and inode of every file at the moment when its last byte was verified. As `make` does, it trusts a file that still looks the
// same, and only what this user's own runs have written; whatever differs or cannot be read means that all is checked as if there were none.

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { storageLimits } from '../config.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { Bitfield } from '../support/bitfield.ts';
import { nextTurn } from './check-pieces.ts';
import { completeStorage } from './complete-storage.ts';
import { fleeting, makeLast } from './durability.ts';
import type { FileVersion } from './file-stat.ts';
import { lookAtFile, PathGuard } from './path-guard.ts';
import { EncodedRecords, recordOf } from './state-codec.ts';
import { StateFile } from './state-file.ts';
import type { OpenStorage, StorageOptions, TorrentStorage } from './storage.ts';
import { joinBelow } from './storage-paths.ts';
import { matches } from './survey.ts';

/**
 * What `open` gives; but when every selected file is as a run before left it, a storage that is complete, opened without a lock and with one
 * stat for each file. With `resume` false nothing is recalled. A completion is remembered in `stateDir`, if that can be written.
 */
export async function openRemembered(
  metainfo: Metainfo,
  options: StorageOptions,
  stateDir: string,
  open: OpenStorage,
): Promise<TorrentStorage> {
  const recalled = options.resume ? await recall(metainfo, options, stateDir) : undefined;
  if (recalled !== undefined) return recalled;
  const { listener } = options;
  const completed = new EncodedRecords();
  const storage = await open(metainfo, {
    ...options,
    listener: {
      ...listener,
      fileCompleted: (file, filePath, stat, sums) => {
        if (stat !== undefined) completed.add(recordOf(file, stat, undefined, false));
        listener.fileCompleted(file, filePath, stat, sums);
      },
    },
  });
  return {
    metainfo,
    verified: storage.verified,
    writePiece: (pieceIndex, bytes) => storage.writePiece(pieceIndex, bytes),
    holds: (pieceIndex) => storage.holds(pieceIndex),
    read: (pieceIndex, offset, into) => storage.read(pieceIndex, offset, into),
    finish: async () => {
      await storage.finish();
      await remember(metainfo, options, stateDir, completed);
    },
    close: () => storage.close(),
  };
}

/** A storage of files that all look as they did when they were complete. */
async function recall(metainfo: Metainfo, options: StorageOptions, stateDir: string): Promise<TorrentStorage | undefined> {
  const { listener, selection, signal } = options;
  const complete: { readonly file: TorrentFile; readonly path: string; readonly stat: FileVersion }[] = [];
  const geometry = new Geometry(metainfo);
  const verified = new Bitfield(metainfo.pieceCount);
  try {
    const outputDir = realpathSync(options.outputDir);
    const saved = recordFile(metainfo, outputDir, stateDir, options.fsync);
    const records = saved.load(geometry, () => undefined);
    if (records === undefined) return undefined;
    const guard = new PathGuard(outputDir);
    for (const file of wantedFiles(metainfo, selection)) {
      if (complete.length % filesPerTurn === filesPerTurn - 1) await nextTurn();
      if (signal.aborted) return undefined;
      const record = records.get(file.index);
      const filePath = joinBelow(outputDir, file.path);
      const stat = record !== undefined && guard.hasDirectoryOf(file.path) ? lookAtFile(filePath) : undefined;
      if (record === undefined || stat === undefined || stat.size !== file.length || !matches(record, stat, true)) return undefined;
      complete.push({ file, path: filePath, stat });
      const { begin, end } = geometry.piecesOf(file);
      for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) verified.add(pieceIndex);
    }
    if (options.fsync && !saved.isLasting) {
      await makeLast(complete.map((found) => found.path));
      const lasting = recordFile(metainfo, outputDir, stateDir, true);
      if (records.size === complete.length) await lasting.save(new EncodedRecords(records.values()));
    }
  } catch {
    // Whoever opens it in earnest says what is wrong.
    return undefined;
  }
  for (const { file, path: filePath, stat } of complete) listener.fileCompleted(file, filePath, stat);
  return completeStorage(metainfo, verified, options);
}

/** Files looked at between two turns of the event loop: a few milliseconds. */
const filesPerTurn = 500;

async function remember(metainfo: Metainfo, options: StorageOptions, stateDir: string, completed: EncodedRecords): Promise<void> {
  if (completed.count < wantedFiles(metainfo, options.selection).length) return;
  try {
    makeDirectories(directoryIn(stateDir));
    const saved = recordFile(metainfo, realpathSync(options.outputDir), stateDir, options.fsync);
    // What a run for other files left holds as long as those look the same.
    const before = saved.load(new Geometry(metainfo), () => undefined)?.values() ?? [];
    const others = [...before].filter(({ fileIndex }) => !options.selection.has(fileIndex));
    await saved.save(completed, new EncodedRecords(others));
    dropOldest(directoryIn(stateDir));
  } catch {
    // The download is complete all the same; the next run hashes it.
  }
}

function wantedFiles(metainfo: Metainfo, selection: ReadonlySet<number>): TorrentFile[] {
  return metainfo.files.filter((file) => !file.pad && selection.has(file.index));
}

function directoryIn(stateDir: string): string {
  return path.join(stateDir, 'complete');
}

/** Level by level: Node's own `recursive` never returns where the system says ENOENT to a parent that cannot be made, as in /proc. */
function makeDirectories(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (path.dirname(directory) !== directory) makeDirectories(path.dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

/** One for each torrent and place: the same torrent in two directories is two downloads. */
function recordFile(metainfo: Metainfo, outputDir: string, stateDir: string, isLasting: boolean): StateFile {
  const name = createHash('sha1').update(metainfo.infohash).update(outputDir).digest('hex');
  return new StateFile(path.join(directoryIn(stateDir), name), metainfo, fleeting, isLasting);
}

/** Removes the records written longest ago beyond what may be kept. */
function dropOldest(directory: string): void {
  const names = readdirSync(directory).filter((name) => /^[0-9a-f]{40}(?:\.tmp)?$/.test(name));
  const records = names.flatMap((name) => {
    const stat = lstatSync(path.join(directory, name), { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ name, size: stat.size, mtimeMs: stat.mtimeMs }];
  });
  let bytes = 0;
  for (const [i, { name, size }] of records.toSorted((a, b) => b.mtimeMs - a.mtimeMs).entries()) {
    bytes += size;
    if (i < storageLimits.completionRecords && bytes <= storageLimits.completionRecordBytes) continue;
    rmSync(path.join(directory, name), { force: true });
  }
}
