// What a hook is told, as a JSON object. Names come from a torrent whose path rules have taken every control character out of them. Pure.

import path from 'node:path';

import type { CompleteFile, DownloadProgress, Metainfo, TorrentFile } from '../../index.ts';
import { exitCodeName } from '../exit-codes.ts';
import { shownSource } from '../load-torrent.ts';
import { safeLine } from '../safe-line.ts';
import type { HookName } from './hook-options.ts';

/** What is known of a run; grows while it runs. */
export interface RunFacts {
  readonly torrentPath: string;
  readonly outputDir: string;
  readonly startedMs: number;
  metainfo?: Metainfo;
  /** Files wanted, by index; undefined means all. */
  selection?: ReadonlySet<number> | undefined;
  /** Files that have their final name, by index. */
  readonly completed: Set<number>;
  progress?: () => DownloadProgress;
}

/** How a run ended, as far as it is known when the hook runs. */
export interface RunEnd {
  readonly exitCode: number;
  readonly reason: string;
}

/** A value that a hook is told. */
type Fact = string | number | null;

/** The JSON object. What is not known (yet) is null. */
export interface HookObject {
  readonly [name: string]: Fact | Readonly<Record<string, Fact>> | readonly Readonly<Record<string, Fact | boolean>>[];
}

/** What hook `name` is told: with `end` after a run, with `candidate` (the file to be judged) before a final name. Times in milliseconds. */
export function hookObject(
  name: HookName,
  facts: RunFacts,
  nowMs: number,
  end: RunEnd | undefined,
  candidate: CompleteFile | undefined,
): HookObject {
  const outputDir = path.resolve(facts.outputDir);
  const files = numberedFiles(facts);
  const progress = facts.progress?.();
  const known = facts.metainfo === undefined ? null : facts.metainfo;
  return {
    hook: name,
    infohash: known?.infohashHex ?? null,
    name: known?.name ?? null,
    torrent: shownPath(facts.torrentPath),
    outputDir,
    path: known === null ? null : commonPath(outputDir, known, files),
    totalBytes: known === null ? null : files.reduce((sum, { file }) => sum + file.length, 0),
    verifiedBytes: progress?.verifiedBytes ?? null,
    downloadedBytes: progress?.downloadedBytes ?? null,
    uploadedBytes: progress?.uploadedBytes ?? null,
    durationMs: Math.round(nowMs - facts.startedMs),
    exitCode: end?.exitCode ?? null,
    exitName: end === undefined ? null : exitCodeName(end.exitCode),
    reason: end === undefined ? null : safeLine(end.reason),
    // A gate may be asked a hundred thousand times: it is told of its one file.
    ...(candidate === undefined
      ? { files: files.map((numbered) => fileObject(numbered, outputDir, facts)) }
      : gateObject(candidate, files)),
  };
}

/** A selected file with its number as `--show-files` lists it. */
interface NumberedFile {
  readonly number: number;
  readonly file: TorrentFile;
}

function numberedFiles({ metainfo, selection }: RunFacts): NumberedFile[] {
  return (metainfo?.files ?? [])
    .filter((file) => !file.pad)
    .map((file, position) => ({ number: position + 1, file }))
    .filter(({ file }) => selection === undefined || selection.has(file.index));
}

/** Absolute; a URL without what may be a secret, since variables are seen by every process that the hook starts. */
function shownPath(source: string): string {
  const shown = shownSource(source);
  return source === '-' || shown.includes('://') ? shown : path.resolve(source);
}

/** The path of the only file, or of the directory of all. */
function commonPath(outputDir: string, metainfo: Metainfo, files: readonly NumberedFile[]): string {
  const [only] = files;
  return path.join(outputDir, ...(files.length === 1 && only !== undefined ? only.file.path : [metainfo.name]));
}

function fileObject({ number, file }: NumberedFile, outputDir: string, { completed }: RunFacts): Record<string, Fact | boolean> {
  return {
    number,
    name: file.path.join('/'),
    bytes: file.length,
    path: path.join(outputDir, ...file.path),
    complete: completed.has(file.index),
  };
}

function gateObject({ file, partPath, finalPath }: CompleteFile, files: readonly NumberedFile[]): { file: Record<string, Fact> } {
  const number = files.find((numbered) => numbered.file.index === file.index)?.number ?? null;
  return { file: { number, name: file.path.join('/'), bytes: file.length, part: partPath, path: finalPath } };
}
