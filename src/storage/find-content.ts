// What a new torrent is made of: a file, or all files below a directory. Nothing is passed over in silence: what cannot be in a torrent is
// refused, and what is left out is told.

import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { metainfoLimits } from '../config.ts';
import { InputError, StorageError } from '../errors.ts';
import { matcherOf } from '../metainfo/selection.ts';
import { Warnings } from '../metainfo/warnings.ts';
import { printable } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import { nextTurn } from './check-pieces.ts';
import { type FileStat, type FileVersion, isSameFile, statPath, toFileStat } from './file-stat.ts';
import { storageError } from './storage-error.ts';

/** What is to be found. */
export interface ContentRequest {
  /** Globs, of paths below the directory or of names anywhere in it. A directory that matches is left out with all it holds. */
  readonly exclude: readonly string[];
  /** Whether to take files and directories whose name begins with a dot. */
  readonly hidden: boolean;
  /** Whether to take what symbolic links lead to. They are refused otherwise. */
  readonly followSymlinks: boolean;
  /** A file that is not content, wherever it lies: the torrent itself. */
  readonly leaveOut?: string | undefined;
  readonly signal: AbortSignal;
}

/** A file for a torrent. */
export interface FoundContent {
  /** Below the directory; empty when the content is one file. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
  /** Where to read it; no symbolic link. */
  readonly source: string;
  readonly version: FileVersion;
}

/** All that a torrent is made of. */
export interface Content {
  /** Of the file or directory, as it was named; empty for the top directory. */
  readonly name: string;
  readonly isMultiFile: boolean;
  /** Sorted by the bytes of their paths. */
  readonly files: readonly FoundContent[];
  /** What was left out, one printable line each. */
  readonly warnings: readonly string[];
}

/**
 * The files at `contentPath`, which may be a symbolic link itself. Throws InputError `bad-argument` for what cannot be in a torrent: a
 * symbolic link, a name that is not UTF-8, nothing at all; StorageError `open-failed` for what cannot be looked at; the signal's reason.
 */
export async function findContent(contentPath: string, request: ContentRequest): Promise<Content> {
  const name = path.basename(path.resolve(contentPath));
  const top = look(contentPath, true);
  if (top.isRegular) {
    const file = { path: [], length: top.size, source: realpathSync(contentPath), version: versionOf(top) };
    return { name, isMultiFile: false, files: [file], warnings: [] };
  }
  if (!top.isDirectory) throw refusal(contentPath, `expected a file or a directory, found ${top.kind}`);
  const walk = new Walk(contentPath, request);
  await walk.run();
  return { name, isMultiFile: true, files: walk.sortedFiles(), warnings: walk.warnings.lines() };
}

/** A directory that is still to be read. */
interface Directory {
  readonly path: readonly string[];
  /** It and those above it: a link to one of them goes round in a circle. */
  readonly line: readonly FileStat[];
}

class Walk {
  readonly warnings = new Warnings();
  readonly #top: string;
  readonly #request: ContentRequest;
  readonly #excludes: readonly Exclude[];
  readonly #leftOut: FileStat | undefined;
  readonly #files: FoundContent[] = [];
  #entries = 0;

  constructor(top: string, request: ContentRequest) {
    this.#top = top;
    this.#request = request;
    this.#excludes = request.exclude.map((typed) => {
      const glob = typed.replace(/\/+$/, '');
      return { glob, isUsed: false, matches: matcherOf(glob, 'excluding files') };
    });
    this.#leftOut = request.leaveOut === undefined ? undefined : statPath(request.leaveOut);
  }

  async run(): Promise<void> {
    const directories: Directory[] = [{ path: [], line: [look(this.#top, true)] }];
    for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
      directories.push(...this.#read(next));
      await nextTurn();
      this.#request.signal.throwIfAborted();
    }
    for (const { glob, isUsed } of this.#excludes) {
      if (!isUsed) this.warnings.add('patterns without effect', () => `--exclude ${printable(glob, 200)} leaves nothing out`);
    }
  }

  sortedFiles(): FoundContent[] {
    const keyed = this.#files.map((file) => ({ file, key: Buffer.from(file.path.join('/')) }));
    return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ file }) => file);
  }

  /** Takes the files of a directory; returns the directories in it. */
  #read(directory: Directory): Directory[] {
    const directories: Directory[] = [];
    for (const rawName of list(this.#sourceOf(directory.path))) {
      const found = this.#consider(directory, rawName);
      if (found !== undefined) directories.push(found);
    }
    return directories;
  }

  #consider(directory: Directory, rawName: Buffer): Directory | undefined {
    const name = toText(rawName);
    const entryPath = [...directory.path, name];
    const source = this.#sourceOf(entryPath);
    if (this.#isExcluded(entryPath)) return undefined;
    if (name.startsWith('.') && !this.#request.hidden) return this.#skip('hidden files and directories', source, 'is hidden');
    if (!Buffer.from(name).equals(rawName)) throw refusal(source, 'its name is not UTF-8: rename it, or exclude it');
    if (++this.#entries > metainfoLimits.pathElements)
      throw refusal(this.#top, `more than ${metainfoLimits.pathElements} files and directories: make several torrents`);
    const stat = this.#lookAt(source);
    if (stat.isDirectory) return this.#enter(directory, entryPath, source, stat);
    if (!stat.isRegular) return this.#skip('special files', source, `is ${stat.kind}`);
    if (this.#leftOut !== undefined && isSameFile(stat, this.#leftOut)) return this.#skip('torrents', source, 'is the torrent itself');
    const isBehindLink = this.#request.followSymlinks;
    this.#files.push({
      path: entryPath,
      length: stat.size,
      source: isBehindLink ? realpathSync(source) : source,
      version: versionOf(stat),
    });
    return undefined;
  }

  #lookAt(source: string): FileStat {
    const stat = look(source, this.#request.followSymlinks);
    if (!stat.isSymbolicLink) return stat;
    throw refusal(source, 'it is a symbolic link: follow links with --follow-symlinks, or exclude it');
  }

  #enter(above: Directory, entryPath: readonly string[], source: string, stat: FileStat): Directory {
    if (above.line.some((other) => isSameFile(other, stat))) throw refusal(source, 'it is a symbolic link to a directory that it lies in');
    if (entryPath.length >= metainfoLimits.pathDepth) throw refusal(source, `more than ${metainfoLimits.pathDepth} levels deep`);
    return { path: entryPath, line: [...above.line, stat] };
  }

  #isExcluded(entryPath: readonly string[]): boolean {
    const whole = entryPath.join('/');
    const name = entryPath.at(-1) as string;
    // All are asked, so that each knows whether it has any effect.
    const used = this.#excludes.filter(({ glob, matches }) => matches(whole) || (!glob.includes('/') && matches(name)));
    for (const exclude of used) exclude.isUsed = true;
    return used.length > 0;
  }

  #skip(sort: string, source: string, why: string): undefined {
    this.warnings.add(`${sort} left out`, () => `${printable(source, 400)} ${why}: left out`);
  }

  #sourceOf(entryPath: readonly string[]): string {
    return path.join(this.#top, ...entryPath);
  }
}

interface Exclude {
  readonly glob: string;
  isUsed: boolean;
  readonly matches: (name: string) => boolean;
}

function list(directory: string): Buffer[] {
  try {
    return readdirSync(directory, { encoding: 'buffer' });
  } catch (error) {
    throw storageError(`reading the directory ${directory}`, error, 'open-failed');
  }
}

function look(source: string, followsLink: boolean): FileStat {
  try {
    const stat = followsLink ? toFileStat(statSync(source, { bigint: true })) : statPath(source);
    if (stat !== undefined) return stat;
  } catch (error) {
    throw storageError(`looking at ${source}`, error, 'open-failed');
  }
  throw new StorageError('open-failed', `looking at ${source}: it has gone away`);
}

/** There may be many files: no more of each is kept. */
function versionOf({ size, mtimeNs, ctimeNs, dev, ino }: FileStat): FileVersion {
  return { size, mtimeNs, ctimeNs, dev, ino };
}

function refusal(source: string, problem: string): InputError {
  return new InputError('bad-argument', `${source} cannot be in a torrent: ${problem}`);
}
