// Looks at what is on disk under the names of a download, before anything is opened: which wanted files are there, under which name, and
// whether the saved state still describes them.

import { InputError, StorageError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { partSuffix } from '../metainfo/name-clashes.ts';
import { Bitfield } from '../support/bitfield.ts';
import { nextTurn } from './check-pieces.ts';
import type { FileStat } from './file-stat.ts';
import { lookAtFile, PathGuard } from './path-guard.ts';
import type { FileRecord, FileRecords } from './state-codec.ts';
import { joinBelow } from './storage-paths.ts';

/** What to look for, and where. */
export interface SurveyRequest {
  /** Files by index in `metainfo.files`. */
  readonly selection: ReadonlySet<number>;
  /** Absolute, resolved. */
  readonly outputDir: string;
  readonly records: FileRecords;
  /** Whether a `.part` matters that lies beside a final file: not to who only reads, and half of the time goes into looking for it. */
  readonly partsBesideFinals: boolean;
  readonly signal: AbortSignal;
}

/** A wanted file as found. */
export interface FoundFile {
  readonly file: TorrentFile;
  readonly finalPath: string;
  readonly partPath: string;
  /** What has its final name, and what its `.part` name, as far as that was asked for. */
  readonly final: FileStat | undefined;
  readonly part: FileStat | undefined;
  /** The saved record, when it describes the file that `sources` names for it. */
  readonly record: FileRecord | undefined;
  /** Whether the saved state tells of this very `.part`, whatever was written to it since: then it is ours. */
  readonly isPartOurs: boolean;
}

/** A file that pieces can be read from. */
export interface Source {
  readonly path: string;
  readonly size: number;
}

/** What was found. */
export interface Survey {
  readonly wanted: readonly FoundFile[];
  /** By file index: the final file, else the `.part`, of wanted files and of files that share a piece with them. */
  readonly sources: readonly (Source | undefined)[];
  /** Pieces that hold a byte of a wanted file. */
  readonly wantedPieces: Bitfield;
}

/** Files looked at between two turns of the event loop: a few milliseconds. */
const filesPerTurn = 500;

/**
 * Looks for files. Throws StorageError `in-the-way` when something else than a file has one of their names, or a `.part` has a second name;
 * the signal's reason when aborted.
 */
export async function surveyFiles(metainfo: Metainfo, geometry: Geometry, request: SurveyRequest): Promise<Survey> {
  const { selection, outputDir, records, partsBesideFinals, signal } = request;
  const guard = new PathGuard(outputDir);
  const wanted: FoundFile[] = [];
  const sources: (Source | undefined)[] = Array.from(metainfo.files, () => undefined);
  const wantedPieces = new Bitfield(metainfo.pieceCount);
  const names = new ClaimedNames();
  for (const file of metainfo.files) {
    if (file.index % filesPerTurn === filesPerTurn - 1) await nextTurn();
    signal.throwIfAborted();
    if (file.pad || !selection.has(file.index)) continue;
    const found = findFile(file, guard, outputDir, partsBesideFinals, records.get(file.index));
    names.claim(found.finalPath);
    wanted.push(found);
    sources[file.index] = sourceOf(found);
    addPieces(wantedPieces, geometry, file);
  }
  addNeighbours(metainfo, geometry, request, guard, wantedPieces, sources);
  return { wanted, sources, wantedPieces };
}

function findFile(
  file: TorrentFile,
  guard: PathGuard,
  outputDir: string,
  partsBesideFinals: boolean,
  record: FileRecord | undefined,
): FoundFile {
  const finalPath = joinBelow(outputDir, file.path);
  const partPath = finalPath + partSuffix;
  const hasDirectory = guard.hasDirectoryOf(file.path);
  const final = hasDirectory ? lookAtFile(finalPath) : undefined;
  const part = hasDirectory && (final === undefined || partsBesideFinals) ? lookAtFile(partPath) : undefined;
  if (part !== undefined && part.links > 1) {
    throw new StorageError('in-the-way', `${partPath} has ${part.links} names: writing to it would change a file elsewhere`);
  }
  // A record of a complete file holds under either name: it may have been renamed after the state was saved.
  const described = final ?? part;
  const isDescribed = described !== undefined && record !== undefined && matches(record, described, final !== undefined);
  const isPartOurs = part !== undefined && record !== undefined && isInodeOf(record, part);
  return { file, finalPath, partPath, final, part, record: isDescribed ? record : undefined, isPartOurs };
}

/** Whether a file, under its final name or not, looks as `record` says. */
export function matches(record: FileRecord, stat: FileStat, isFinal: boolean): boolean {
  if (isFinal && record.bits !== undefined) return false;
  const isRenamed = isFinal && record.isToBeRenamed;
  return (
    isInodeOf(record, stat) &&
    record.size === stat.size &&
    record.mtimeNs === stat.mtimeNs &&
    (isRenamed || record.ctimeNs === stat.ctimeNs)
  );
}

function isInodeOf(record: FileRecord, stat: FileStat): boolean {
  return record.ino === BigInt.asUintN(64, stat.ino);
}

/** Path rules keep names apart; two files under one name would destroy each other, so it is proved here. */
class ClaimedNames {
  readonly #finals = new Set<string>();
  /** Names whose `.part` is a final name: there are few, and no `.part` name of the others need be built. */
  readonly #stems = new Set<string>();

  /** Throws InputError when `finalPath` or its `.part` is a name of another file. */
  claim(finalPath: string): void {
    const stem = finalPath.endsWith(partSuffix) ? finalPath.slice(0, -partSuffix.length) : undefined;
    if (this.#finals.has(finalPath) || this.#stems.has(finalPath) || (stem !== undefined && this.#finals.has(stem))) {
      throw new InputError('bad-torrent', `two files of the torrent would be written to ${finalPath} or its ${partSuffix}`);
    }
    this.#finals.add(finalPath);
    if (stem !== undefined) this.#stems.add(stem);
  }
}

function sourceOf(found: Pick<FoundFile, 'final' | 'part' | 'finalPath' | 'partPath'>): Source | undefined {
  if (found.final !== undefined) return { path: found.finalPath, size: found.final.size };
  return found.part === undefined ? undefined : { path: found.partPath, size: found.part.size };
}

function addPieces(pieces: Bitfield, geometry: Geometry, file: TorrentFile): void {
  const { begin, end } = geometry.piecesOf(file);
  for (let pieceIndex = begin; pieceIndex < end; pieceIndex++) pieces.add(pieceIndex);
}

/** Files that are not wanted but share a piece with one that is: when they are there, the piece can be checked. */
function addNeighbours(
  metainfo: Metainfo,
  geometry: Geometry,
  { selection, outputDir }: SurveyRequest,
  guard: PathGuard,
  wantedPieces: Bitfield,
  sources: (Source | undefined)[],
): void {
  for (const file of metainfo.files) {
    if (file.pad || file.length === 0 || selection.has(file.index)) continue;
    const { begin, end } = geometry.piecesOf(file);
    if (!wantedPieces.has(begin) && !wantedPieces.has(end - 1)) continue;
    try {
      sources[file.index] = sourceOf(findFile(file, guard, outputDir, false, undefined));
    } catch (error) {
      // Whatever has the name of a file that nobody wants is of no use, and of no harm.
      if (!(error instanceof StorageError)) throw error;
    }
  }
}
