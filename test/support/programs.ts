// Programs that a test needs beside Node: a machine without one skips the test and says so, unless they are required.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { clientsAreRequired } from './clients.ts';

/** Why a test that needs `programs` is skipped; false when they are all on the PATH, or have to be. */
export function skipWithout(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length === 0 || clientsAreRequired ? false : `not installed: ${missing.join(', ')}`;
}

/** Why a test that traces system calls is skipped; false when it can, or has to: containers may forbid it. */
export function cannotTrace(): string | false {
  const missing = skipWithout('strace');
  if (missing !== false) return missing;
  const isAllowed = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
  return isAllowed || clientsAreRequired ? false : 'a process cannot be traced here';
}

/** Whether `program` is on the PATH. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((directory) => {
    try {
      accessSync(path.join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
