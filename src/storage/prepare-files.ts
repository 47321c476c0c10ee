// From what was found on disk to files that can be written: room is made sure of, directories and empty files are created, what is valid in
// a file to be replaced is copied to its `.part`, and space is allocated.

import { closeSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { storageLimits } from '../config.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { CheckControl, ExistingData } from './existing-data.ts';
import { copyRanges, type FileRange, rangeInFile, writeZeros } from './file-content.ts';
import { compareSeen } from './change-watch.ts';
import { statPath } from './file-stat.ts';
import { refuseWhenFull } from './free-space.ts';
import { inDirectoryOfSync } from './held-directory.ts';
import type { OpenFiles } from './open-files.ts';
import { statDescriptor } from './open-work-file.ts';
import { PathGuard } from './path-guard.ts';
import type { StorageOptions } from './storage.ts';
import { storageError } from './storage-error.ts';
import type { FoundFile, Survey } from './survey.ts';
import type { WorkFile } from './work-file.ts';

/** What the preparation works with. */
export interface Preparation {
  readonly geometry: Geometry;
  /** Absolute, resolved. */
  readonly outputDir: string;
  readonly survey: Survey;
  readonly data: ExistingData;
  readonly options: Pick<StorageOptions, 'allocation' | 'overwrite' | 'signal'>;
  readonly control: CheckControl;
  readonly openFiles: OpenFiles;
}

/** Files that can be written. */
export interface PreparedFiles {
  readonly works: readonly WorkFile[];
  /** Directories whose entries were changed. */
  readonly newDirectories: ReadonlySet<string>;
}

/**
 * Checks the data that was found and makes everything ready for the missing pieces. What is refused is refused before anything is created
 * or changed. Throws StorageError; the signal's reason when aborted.
 */
export async function prepareFiles(preparation: Preparation): Promise<PreparedFiles> {
  const { survey, data, geometry, outputDir, openFiles } = preparation;
  await data.check(preparation.control);
  const { works, neededBytes } = judgeFiles(survey, data, geometry, preparation.options.overwrite);
  await refuseWhenFull(outputDir, neededBytes);

  removeLeftovers(survey, works);
  const newDirectories = new Set<string>();
  const guard = new PathGuard(outputDir);
  for (const work of works) {
    if (work.place === 'final') continue;
    for (const directory of guard.makeDirectoryOf(work.file.path)) newDirectories.add(directory);
    if (work.file.length === 0 && work.replaces === undefined && createEmpty(work)) newDirectories.add(path.dirname(work.finalPath));
  }
  await adoptReplaced(preparation, works);
  for (const [i, work] of works.entries())
    if (work.place !== 'final') work.missingPieces = data.missingPieces(survey.wanted[i] as FoundFile);
  await allocate(preparation, works);
  await openEarly(works, openFiles);
  return { works, newDirectories };
}

/** The wanted files in the survey's order, and what the disk has still to give for them. */
interface JudgedFiles {
  readonly works: readonly WorkFile[];
  readonly neededBytes: number;
}

/** What is to become of each file, once `data` has checked what is there. Changes nothing. Throws StorageError `in-the-way`. */
export function judgeFiles(survey: Survey, data: ExistingData, geometry: Geometry, overwrite: boolean): JudgedFiles {
  if (!overwrite) for (const found of survey.wanted) data.refuseForeignPart(found);
  const works = survey.wanted.map((found) => toWorkFile(found, data, overwrite));
  return { works, neededBytes: sum(works.map((work, i) => neededFor(work, survey.wanted[i] as FoundFile, data, geometry))) };
}

function toWorkFile(found: FoundFile, data: ExistingData, overwrite: boolean): WorkFile {
  const { file, finalPath, partPath, final, part } = found;
  const isComplete = final !== undefined && data.isComplete(found);
  const current = isComplete ? final : part;
  return {
    file,
    finalPath,
    partPath,
    place: isComplete ? 'final' : part === undefined ? 'nowhere' : 'part',
    stat: current,
    seen: isComplete ? undefined : part,
    synced: current,
    moving: undefined,
    isSuspect: false,
    missingPieces: 0,
    piecesUnderWay: 0,
    replaces: isComplete || final === undefined ? undefined : data.replacementOf(found, final, overwrite),
  };
}

/** What the disk has still to give for `work`: not the blocks that its `.part` has, and not more than its missing pieces. */
function neededFor(work: WorkFile, found: FoundFile, data: ExistingData, geometry: Geometry): number {
  if (work.place === 'final') return 0;
  const withoutBlocks = Math.max(0, work.file.length - (found.part?.allocatedBytes ?? 0));
  // A file that is to be replaced is copied first, so that its valid pieces need room too; without a valid piece all is missing.
  if (work.replaces !== undefined || data.verified.count === 0) return withoutBlocks;
  let missingBytes = 0;
  for (const range of rangesOf(found, geometry, (pieceIndex) => !data.verified.has(pieceIndex))) missingBytes += range.length;
  return Math.min(withoutBlocks, missingBytes);
}

/** The places in a file of those of its pieces that are meant. */
export function* rangesOf(found: FoundFile, geometry: Geometry, isMeant: (pieceIndex: number) => boolean): Generator<FileRange> {
  const { begin, end } = geometry.piecesOf(found.file);
  for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
    if (isMeant(pieceIndex)) yield rangeInFile(geometry, found.file, pieceIndex);
  }
}

/** Removes the `.part` beside a complete file: it stems from a repair that turned out to be needless. */
function removeLeftovers(survey: Survey, works: readonly WorkFile[]): void {
  for (const [i, work] of works.entries()) {
    const found = survey.wanted[i];
    if (work.place !== 'final' || found?.part === undefined) continue;
    // Of another length and not in our state: somebody else's.
    if (!found.isPartOurs && found.part.size !== work.file.length) continue;
    try {
      rmSync(work.partPath, { force: true });
    } catch (error) {
      throw storageError(`removing ${work.partPath}`, error, 'read-write-failed');
    }
  }
}

/** Creates an empty file under its final name. False when it is there already. */
function createEmpty(work: WorkFile): boolean {
  try {
    inDirectoryOfSync(work.finalPath, (heldPath) => closeSync(openSync(heldPath, 'wx')));
    work.stat = statPath(work.finalPath);
    work.place = 'final';
    return true;
  } catch (error) {
    throw storageError(`creating ${work.finalPath}`, error, 'create-failed');
  }
}

/** Copies what is valid in files to be replaced, then checks the copies: a file may have changed since it was hashed. */
async function adoptReplaced(preparation: Preparation, works: readonly WorkFile[]): Promise<void> {
  const { survey, data, geometry, openFiles, options } = preparation;
  const copied: [FoundFile, WorkFile][] = [];
  for (const [i, work] of works.entries()) {
    if (work.replaces === undefined) continue;
    const found = survey.wanted[i] as FoundFile;
    const ranges = rangesOf(found, geometry, (pieceIndex) => data.verified.has(pieceIndex));
    await openFiles.use(work, async (fd) => {
      await copyRanges(work.finalPath, fd, ranges, options.signal);
      work.seen = await statDescriptor(fd);
    });
    copied.push([found, work]);
  }
  for (const [found, work] of copied) data.useSource(found, { path: work.partPath, size: statPath(work.partPath)?.size ?? 0 });
  if (copied.length > 0) await data.check(preparation.control);
}

/** With `prealloc`: zeros over every piece that is missing, so that its blocks are taken. What is verified is left alone. */
async function allocate(preparation: Preparation, works: readonly WorkFile[]): Promise<void> {
  const { survey, data, geometry, openFiles, options } = preparation;
  if (options.allocation !== 'prealloc') return;
  for (const [i, work] of works.entries()) {
    const found = survey.wanted[i] as FoundFile;
    if (work.place === 'final' || (found.part?.allocatedBytes ?? 0) >= work.file.length) continue;
    const missing = rangesOf(found, geometry, (pieceIndex) => !data.verified.has(pieceIndex));
    try {
      await openFiles.use(work, async (fd) => {
        compareSeen(work, await statDescriptor(fd));
        await writeZeros(fd, missing, options.signal);
        work.seen = await statDescriptor(fd);
      });
    } catch (error) {
      options.signal.throwIfAborted();
      throw storageError(`allocating ${work.partPath}`, error, 'read-write-failed');
    }
  }
}

/** A disk that cannot hold the files should say so before a peer is asked. Of many files the rest is opened when first written to. */
async function openEarly(works: readonly WorkFile[], openFiles: OpenFiles): Promise<void> {
  const unopened = works.filter((work) => work.place !== 'final');
  for (const work of unopened.slice(0, storageLimits.openFilesAtStart)) await openFiles.use(work, async () => undefined);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
