// What a download would do on disk, found out without a change: no lock is taken, no directory made, no file touched. It asks the same
// questions as opening the storage does, in the same order, and fails as that would.

import { constants, realpathSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { durable } from './durability.ts';
import { ExistingData } from './existing-data.ts';
import { freeSpace, refuseWhenFull } from './free-space.ts';
import { refuseWhenHeld } from './lock-file.ts';
import { outputDirError } from './path-guard.ts';
import { judgeFiles, rangesOf } from './prepare-files.ts';
import { StateFile } from './state-file.ts';
import type { StorageOptions } from './storage.ts';
import { storageError } from './storage-error.ts';
import { downloadPaths } from './storage-paths.ts';
import { type FoundFile, surveyFiles } from './survey.ts';
import type { WorkFile } from './work-file.ts';

/** What is to be planned. */
export interface PlanRequest extends Pick<StorageOptions, 'outputDir' | 'selection' | 'resume' | 'overwrite' | 'signal'> {
  /** Bytes hashed so far, of how many. */
  readonly onProgress: (checkedBytes: number, totalBytes: number) => void;
  readonly onWarning: (message: string) => void;
}

/** What would become of one selected file. */
export interface PlannedFile {
  readonly file: TorrentFile;
  /** Its final name, absolute. */
  readonly path: string;
  /**
   * `complete`: nothing; `fetch`: nothing of it is there; `resume`: its `.part` is; `replace`: a file of its name is there, of which only
   * what is valid is kept.
   */
  readonly action: 'complete' | 'fetch' | 'resume' | 'replace';
  /** Bytes of it in pieces that are not verified. */
  readonly missingBytes: number;
}

/** What a download would do. */
export interface DownloadPlan {
  /** The selected files in the torrent's order; pad files are left out. */
  readonly files: readonly PlannedFile[];
  readonly totalBytes: number;
  readonly missingBytes: number;
  /** What the disk would have to give, and what it has. */
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** Throws the StorageError that opening the storage would throw; the signal's reason when aborted. */
export async function planFiles(metainfo: Metainfo, request: PlanRequest): Promise<DownloadPlan> {
  const { outputDir, directory, isThere } = lookAtOutputDir(request.outputDir);
  const { state, lock } = downloadPaths(outputDir, metainfo.name);
  refuseWhenHeld(lock);
  const geometry = new Geometry(metainfo);
  const records =
    (request.resume ? new StateFile(state, metainfo, durable, true).load(geometry, request.onWarning) : undefined) ?? new Map();
  const survey = await surveyFiles(metainfo, geometry, { ...request, outputDir, records, partsBesideFinals: true });
  const data = new ExistingData(metainfo, geometry, survey);
  await data.check(request);
  if (survey.wanted.some((found) => !data.isComplete(found))) await refuseReadOnly(directory, isThere);
  const { works, neededBytes } = judgeFiles(survey, data, geometry, request.overwrite);
  await refuseWhenFull(directory, neededBytes);
  const files = works.map((work, i) => planOf(work, survey.wanted[i] as FoundFile, data, geometry));
  return {
    files,
    totalBytes: files.reduce((sum, { file }) => sum + file.length, 0),
    missingBytes: files.reduce((sum, { missingBytes }) => sum + missingBytes, 0),
    neededBytes,
    freeBytes: await freeSpace(directory),
  };
}

/** The output directory, resolved; and, when it is still to be made, the one that it would be made in. */
function lookAtOutputDir(typed: string): { readonly outputDir: string; readonly directory: string; readonly isThere: boolean } {
  try {
    const absolute = path.resolve(typed);
    if (statSync(absolute, { throwIfNoEntry: false }) === undefined) {
      const directory = realpathSync(path.dirname(absolute));
      return { outputDir: path.join(directory, path.basename(absolute)), directory, isThere: false };
    }
    const outputDir = realpathSync(absolute);
    if (!statSync(outputDir).isDirectory()) throw new StorageError('mkdir-failed', `${typed} is not a directory`);
    return { outputDir, directory: outputDir, isThere: true };
  } catch (error) {
    throw outputDirError(typed, error);
  }
}

async function refuseReadOnly(directory: string, isThere: boolean): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw storageError(`creating files in ${directory}`, error, isThere ? 'create-failed' : 'mkdir-failed');
  }
}

function planOf(work: WorkFile, found: FoundFile, data: ExistingData, geometry: Geometry): PlannedFile {
  let missingBytes = 0;
  if (work.place !== 'final')
    for (const { length } of rangesOf(found, geometry, (pieceIndex) => !data.verified.has(pieceIndex))) missingBytes += length;
  return { file: work.file, path: work.finalPath, action: actionOf(work), missingBytes };
}

function actionOf(work: WorkFile): PlannedFile['action'] {
  if (work.place === 'final') return 'complete';
  if (work.replaces !== undefined) return 'replace';
  return work.place === 'part' ? 'resume' : 'fetch';
}
