// Keeps every path of a download inside its output directory: no component below it may be a symbolic link or anything else that leads
// away. The output directory itself may be a link, since the user typed it.

import { mkdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import { type FileStat, statPath } from './file-stat.ts';
import { inDirectoryOfSync } from './held-directory.ts';
import { storageError, systemCode } from './storage-error.ts';
import { joinBelow } from './storage-paths.ts';

/**
 * The resolved path of the directory `outputDir`, its last level created when missing. Throws StorageError `mkdir-failed` when it cannot
 * be created or is something else.
 */
export function prepareOutputDir(outputDir: string): string {
  try {
    makeDirectory(path.resolve(outputDir));
    return realpathSync(outputDir);
  } catch (error) {
    throw outputDirError(outputDir, error);
  }
}

/** The StorageError of an output directory that cannot be made: `error` is the system's, or one already. */
export function outputDirError(outputDir: string, error: unknown): StorageError {
  const doing = `creating the output directory ${outputDir}`;
  if (systemCode(error) !== 'ENOENT') return storageError(doing, error, 'mkdir-failed');
  const parent = path.dirname(path.resolve(outputDir));
  return new StorageError('mkdir-failed', `${doing}: ${parent} is not there, and only the last level is made`, { cause: error });
}

/** Looks at paths below one directory and creates directories there. Remembers the directories it has seen. */
export class PathGuard {
  readonly #root: string;
  /** Absolute path of a directory below the root, and whether it was there. */
  readonly #seen = new Map<string, boolean>();
  /** The path of the file whose directory was found last: the next file mostly lies in the same one. */
  #lastFound: readonly string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** Whether the directory is there that the file of path `elements` lies in. Throws StorageError `in-the-way` when it cannot be. */
  hasDirectoryOf(elements: readonly string[]): boolean {
    if (areNeighbours(elements, this.#lastFound)) return true;
    for (let depth = 1; depth < elements.length; depth++) {
      if (!this.#isDirectory(joinBelow(this.#root, elements.slice(0, depth)))) return false;
    }
    this.#lastFound = elements;
    return true;
  }

  /**
   * Creates the directories that the file of path `elements` lies in, and proves that they are inside the root. Returns the directories
   * whose content changed. Throws StorageError `in-the-way` or `mkdir-failed`.
   */
  makeDirectoryOf(elements: readonly string[]): string[] {
    const changed: string[] = [];
    if (this.hasDirectoryOf(elements)) return changed;
    for (let depth = 1; depth < elements.length; depth++) {
      const directory = joinBelow(this.#root, elements.slice(0, depth));
      if (this.#isDirectory(directory)) continue;
      this.#make(directory);
      changed.push(path.dirname(directory));
    }
    return changed;
  }

  #make(directory: string): void {
    try {
      inDirectoryOfSync(directory, makeDirectory);
    } catch (error) {
      throw storageError(`creating the directory ${directory}`, error, 'mkdir-failed');
    }
    this.#seen.delete(directory);
    if (!this.#isDirectory(directory)) throw new StorageError('mkdir-failed', `${directory} was removed as soon as it was created`);
    const real = realpathSync(directory);
    if (real !== directory) throw new StorageError('in-the-way', `${directory} leads to ${real}: something else replaced it`);
  }

  /** Whether a directory is there; throws when something else is. */
  #isDirectory(directory: string): boolean {
    const known = this.#seen.get(directory);
    if (known !== undefined) return known;
    const stat = lookAt(directory);
    if (stat !== undefined && !stat.isDirectory) {
      throw new StorageError('in-the-way', `${directory}: expected a directory or nothing, found ${stat.kind}`);
    }
    this.#seen.set(directory, stat !== undefined);
    return stat !== undefined;
  }
}

/** Whether two paths of files lie in one directory. */
export function areNeighbours(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let depth = a.length - 2; depth >= 0; depth--) if (a[depth] !== b[depth]) return false;
  return true;
}

/**
 * What is at `target`, in a directory that was found: a regular file, or nothing. Throws StorageError `in-the-way` when it is anything else;
 * `open-failed` when it cannot be looked at.
 */
export function lookAtFile(target: string): FileStat | undefined {
  const stat = lookAt(target);
  if (stat === undefined || stat.isRegular) return stat;
  throw new StorageError('in-the-way', `${target}: expected a file or nothing, found ${stat.kind}`);
}

function lookAt(target: string): FileStat | undefined {
  try {
    return statPath(target);
  } catch (error) {
    throw storageError(`looking at ${target}`, error, 'open-failed');
  }
}

/** Creates one directory; that it exists already is fine. Throws the system's error, also when something else has its name. */
function makeDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  mkdirSync(directory);
}
