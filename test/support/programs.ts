// Programs that a test needs beside Node: a machine without one skips the test and says so, unless they are required.

import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { clientsAreRequired } from './clients.ts';

/** Why a test that needs `programs` is skipped; false when they are all on the PATH, or have to be. */
export function skipWithout(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length === 0 || clientsAreRequired ? false : `not installed: ${missing.join(', ')}`;
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
