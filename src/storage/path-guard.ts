// Keeps every path of a download inside its output directory: no component below it may be a symbolic link or anything else that leads
// away. The output directory itself may be a link, since the user typed it.

import { mkdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import { type FileStat, statPath } from './file-stat.ts';
import { inDirectoryOfSync } from './held-directory.ts';
import { storageError } from './storage-error.ts';
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
    throw storageError(`creating the output directory ${outputDir}`, error, 'mkdir-failed');
  }
}

/** Looks at paths below one directory and creates directories there. Remembers the directories it has seen. */
export class PathGuard {
  readonly #root: string;
  /** Absolute path of a directory below the root, and whether it was there. */
  readonly #seen = new Map<string, boolean>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * What is at the path of `elements` with `suffix`: a regular file, or nothing. Throws StorageError `in-the-way` when it is anything else,
   * or when a component before it is no directory; `open-failed` when it cannot be looked at.
   */
  look(elements: readonly string[], suffix: string): FileStat | undefined {
    const target = joinBelow(this.#root, elements) + suffix;
    if (!this.#areParentsThere(elements, target)) return undefined;
    const stat = lookAt(target);
    if (stat === undefined || stat.isRegular) return stat;
    throw new StorageError('in-the-way', `${target}: expected a file or nothing, found ${stat.kind}`);
  }

  /**
   * Creates the directories that `elements` lie in, and proves that they are inside the root. Returns the directories whose content
   * changed. Throws StorageError `in-the-way` or `mkdir-failed`.
   */
  makeParents(elements: readonly string[]): string[] {
    const changed: string[] = [];
    for (let depth = 1; depth < elements.length; depth++) {
      const directory = joinBelow(this.#root, elements.slice(0, depth));
      if (this.#isDirectory(directory)) continue;
      this.#make(directory);
      changed.push(path.dirname(directory));
    }
    return changed;
  }

  /** A directory is looked at after those it lies in, so one that was seen to be there proves them too. */
  #areParentsThere(elements: readonly string[], target: string): boolean {
    if (elements.length === 1 || this.#seen.get(path.dirname(target)) === true) return true;
    for (let depth = 1; depth < elements.length; depth++) {
      if (!this.#isDirectory(joinBelow(this.#root, elements.slice(0, depth)))) return false;
    }
    return true;
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
