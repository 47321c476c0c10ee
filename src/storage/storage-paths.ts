// Names on disk: the final file, its `.part` beside it while it is downloaded, and the state and lock of the download as a whole.

import path from 'node:path';
import { assert } from '../errors.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { partSuffix } from '../metainfo/name-clashes.ts';

/** Where a download keeps what is not data. */
export interface DownloadPaths {
  /** The output directory with every symbolic link on the way to it resolved. */
  readonly outputDir: string;
  readonly state: string;
  readonly lock: string;
}

/** The paths of the download named `name` in `outputDir`, which is absolute and resolved. */
export function downloadPaths(outputDir: string, name: string): DownloadPaths {
  const state = `${joinBelow(outputDir, [name])}.ttorrent`;
  return { outputDir, state, lock: `${state}.lock` };
}

/** Every path that a download of `metainfo` into `outputDir`, absolute, may write to, with those of files that are not selected. */
export function* writablePaths({ files, name }: Metainfo, outputDir: string): Generator<string> {
  const { state, lock } = downloadPaths(outputDir, name);
  yield state;
  yield lock;
  for (const file of files) {
    if (file.pad) continue;
    const finalPath = joinBelow(outputDir, file.path);
    yield finalPath;
    yield finalPath + partSuffix;
  }
}

/**
 * `elements` below `outputDir`. Path rules have made the elements safe; here stands the last line: an element that could leave its
 * directory is our own mistake, because `path.join` would follow it without a word.
 */
export function joinBelow(outputDir: string, elements: readonly string[]): string {
  assert(elements.length > 0, 'a file without a path');
  const bad = elements.find((element) => !isPlainElement(element));
  assert(bad === undefined, `path element ${JSON.stringify(bad)} is not a plain name`);
  // Joined in one step: a string put together from two keeps both.
  return [outputDir.endsWith(path.sep) ? outputDir.slice(0, -1) : outputDir, ...elements].join(path.sep);
}

function isPlainElement(element: string): boolean {
  if (element === '' || element === '.' || element === '..' || element.includes('\0')) return false;
  return !element.includes('/') && !element.includes(path.sep);
}
