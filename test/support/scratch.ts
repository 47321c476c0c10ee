// Temporary directories that are gone when the test or the program that made them ends.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A fresh, empty directory; removed with all it holds when `owner` (a test's context) is done. */
export function scratchDirectory(owner: { after(cleanUp: () => void): void }): string {
  const directory = makeScratchDirectory();
  owner.after(() => removeScratchDirectory(directory));
  return directory;
}

/** A fresh, empty directory that the caller removes. */
export function makeScratchDirectory(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'ttorrent-'));
}

/** Removes what `makeScratchDirectory` made. */
export function removeScratchDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 8 });
}
