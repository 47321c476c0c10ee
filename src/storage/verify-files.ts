// `verify`: hashes what is on disk and changes nothing: no lock, no state, no file is touched.

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import { ExistingData } from './existing-data.ts';
import { rangeInFile } from './file-content.ts';
import { type FileRecords, vouchesFor } from './state-codec.ts';
import { durable } from './durability.ts';
import { StateFile } from './state-file.ts';
import { storageError, systemCode } from './storage-error.ts';
import { downloadPaths } from './storage-paths.ts';
import { type FoundFile, type Survey, surveyFiles } from './survey.ts';

/** What to verify, and where. */
export interface VerifyRequest {
  readonly outputDir: string;
  /** Files by index in `metainfo.files`. */
  readonly selection: ReadonlySet<number>;
  readonly signal: AbortSignal;
  /** Bytes hashed so far, of how many. */
  readonly onProgress: (checkedBytes: number, totalBytes: number) => void;
}

/** What became of one selected file. */
export interface VerifiedFile {
  readonly file: TorrentFile;
  /** Where it was read: its final path, or that of its `.part` when only that is there. */
  readonly path: string;
  /** `complete`: under its final name, of the right length, every byte verified. */
  readonly state: 'complete' | 'partial' | 'missing';
  /** Bytes of it that are in verified pieces. */
  readonly verifiedBytes: number;
}

/** What a check found. */
export interface VerifyResult {
  /** The selected files in the torrent's order; pad files are left out. */
  readonly files: readonly VerifiedFile[];
  /** Whether every one of them is complete. */
  readonly complete: boolean;
  readonly verified: Bitfield;
  /** Pieces that hold bytes of selected files: how many are verified, of how many. */
  readonly verifiedPieces: number;
  readonly pieceCount: number;
}

/**
 * Hashes the selected files as they are on disk. A piece that reaches into a file which is neither selected nor there cannot be hashed; it
 * counts when the state that a download of this selection left behind still describes the file. Throws StorageError when something cannot
 * be read, or is no file; the signal's reason when aborted.
 */
export async function verifyFiles(metainfo: Metainfo, request: VerifyRequest): Promise<VerifyResult> {
  const geometry = new Geometry(metainfo);
  const outputDir = await resolveOutputDir(request.outputDir);
  const records = loadRecords(metainfo, geometry, outputDir);
  const survey = await surveyFiles(metainfo, geometry, { ...request, outputDir, records, partsBesideFinals: false });
  const data = new ExistingData(metainfo, geometry, withoutTrust(survey));
  await data.check(request);
  addUncheckable(data, survey, geometry);
  const files = survey.wanted.map((found) => resultOf(found, data, geometry));
  return {
    files,
    complete: files.every((file) => file.state === 'complete'),
    verified: data.verified,
    verifiedPieces: data.verified.count,
    pieceCount: survey.wantedPieces.count,
  };
}

/** A directory that is not there holds no file: every one is missing, which is an answer and not a failure. */
async function resolveOutputDir(outputDir: string): Promise<string> {
  try {
    return await realpath(outputDir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return path.resolve(outputDir);
    throw storageError(`opening the directory ${outputDir}`, error, 'open-failed');
  }
}

function loadRecords(metainfo: Metainfo, geometry: Geometry, outputDir: string): FileRecords {
  const { state } = downloadPaths(outputDir, metainfo.name);
  return new StateFile(state, metainfo, durable, true).load(geometry, () => undefined) ?? new Map();
}

function withoutTrust(survey: Survey): Survey {
  return { ...survey, wanted: survey.wanted.map((found) => ({ ...found, record: undefined })) };
}

/** Adds the pieces that no hash can tell of, and that the state vouches for in every selected file they cover. */
function addUncheckable(data: ExistingData, survey: Survey, geometry: Geometry): void {
  const byFile = new Map(survey.wanted.map((found) => [found.file.index, found]));
  for (const found of survey.wanted) {
    const { begin, end } = geometry.piecesOf(found.file);
    // Only the first and the last piece of a file can be shared.
    for (const pieceIndex of new Set(end > begin ? [begin, end - 1] : [])) {
      if (data.verified.has(pieceIndex)) continue;
      const slices = geometry.slices(geometry.offsetOf(pieceIndex), geometry.lengthOf(pieceIndex)).filter(({ file }) => !file.pad);
      const isUncheckable = slices.some(({ file }) => !byFile.has(file.index) && survey.sources[file.index] === undefined);
      const isVouchedFor = slices.every(({ file }) => {
        const other = byFile.get(file.index);
        return other === undefined || (other.record !== undefined && vouchesFor(other.record, file, geometry, pieceIndex));
      });
      if (isUncheckable && isVouchedFor) data.verified.add(pieceIndex);
    }
  }
}

function resultOf(found: FoundFile, data: ExistingData, geometry: Geometry): VerifiedFile {
  const { file, final, part } = found;
  const isOnlyPart = final === undefined && part !== undefined;
  const seenPath = isOnlyPart ? found.partPath : found.finalPath;
  if (final === undefined && part === undefined) return { file, path: seenPath, state: 'missing', verifiedBytes: 0 };
  const { begin, end } = geometry.piecesOf(file);
  let verifiedBytes = 0;
  for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) {
    if (data.verified.has(pieceIndex)) verifiedBytes += rangeInFile(geometry, file, pieceIndex).length;
  }
  return { file, path: seenPath, state: data.isComplete({ ...found, record: undefined }) ? 'complete' : 'partial', verifiedBytes };
}
