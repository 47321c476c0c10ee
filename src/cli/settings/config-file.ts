// The user's config file: where it is, and one JSON object in it.

import { closeSync, constants, openSync, readSync } from 'node:fs';
import path from 'node:path';

import { formatBytes } from '../../index.ts';

/** The config file as found. */
export interface ConfigFile {
  readonly path: string;
  /** Undefined when there is no such file. */
  readonly entries: ReadonlyMap<string, unknown> | undefined;
}

/** The config file cannot be used; the message is one line that names it. */
export class ConfigError extends Error {}

/**
 * Where the config file is: the variable TTORRENT_CONFIG, else `ttorrent/config.json` in `$XDG_CONFIG_HOME` or `~/.config` (XDG Base
 * Directory Specification: a relative `$XDG_CONFIG_HOME` is ignored). Undefined when TTORRENT_CONFIG is empty, or there is no home.
 */
export function configPath(variables: NodeJS.ProcessEnv): string | undefined {
  const { TTORRENT_CONFIG: typed, XDG_CONFIG_HOME: xdg = '' } = variables;
  if (typed !== undefined) return typed === '' ? undefined : path.resolve(typed);
  const home = variables['HOME'] ?? variables['USERPROFILE'] ?? '';
  const directory = path.isAbsolute(xdg) ? xdg : home === '' ? undefined : path.join(home, '.config');
  return directory === undefined ? undefined : path.join(directory, 'ttorrent', 'config.json');
}

/**
 * Reads the config file that `variables` lead to. One that nobody named may be missing, or lie in a home that is not ours to read. Throws
 * ConfigError.
 */
export function readConfigFile(variables: NodeJS.ProcessEnv): ConfigFile | undefined {
  const file = configPath(variables);
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readBounded(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const isNamed = variables['TTORRENT_CONFIG'] !== undefined;
    if (!isNamed && ['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return { path: file, entries: undefined };
    throw new ConfigError(`${file}: cannot be read (${code})`, { cause: error });
  }
  return { path: file, entries: parseConfig(file, text) };
}

/** Far more than all options take: whatever has this name, a device or somebody's archive, is not read into memory. */
const longestBytes = 256 * 1024;
/** How often, and how long each time, whoever writes a pipe such as `<(...)` is waited for. */
const emptyPipe = { tries: 500, waitMs: 20 };

/** Not by opening it to wait: a named pipe that nobody writes would hold up the process where no signal reaches it. */
function readBounded(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const bytes = Buffer.allocUnsafe(longestBytes + 1);
    let length = 0;
    for (let tries = 0; length <= longestBytes; ) {
      try {
        const read = readSync(fd, bytes, length, bytes.length - length, null);
        if (read === 0) return bytes.toString('utf8', 0, length);
        length += read;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || ++tries > emptyPipe.tries) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, emptyPipe.waitMs);
      }
    }
    throw new ConfigError(`${file}: longer than a config file may be, ${formatBytes(longestBytes)}`);
  } finally {
    closeSync(fd);
  }
}

/** The entries of one JSON object. Throws ConfigError, which names `file` and, as far as it is known, the line. */
export function parseConfig(file: string, text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ConfigError(`${file}: ${complaint(text, error)}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  throw new ConfigError(
    `${file}: expected one JSON object such as {"stall-timeout": "1m"}, found ${Array.isArray(value) ? 'a list' : String(value)}`,
  );
}

/** What people write into JSON that is none: comments, and a comma behind the last value. */
function complaint(text: string, error: unknown): string {
  for (const { 0: found, index } of text.matchAll(/"(?:[^"\\]|\\[^])*"|\/[/*]|,(?=\s*[}\]])/g)) {
    if (found.startsWith('"')) continue;
    const line = text.slice(0, index).split('\n').length;
    if (found === ',') return `line ${line}: a comma behind the last value is not JSON`;
    return `line ${line}: JSON has no comments, found ${found}`;
  }
  return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
}
