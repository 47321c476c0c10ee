// Hands over a torrent that a command made: into a file, or to stdout; and tells of it.

import { formatBytes, InputError, type Metainfo } from '../index.ts';
import { infoObject } from './commands/info.ts';
import type { Environment } from './env.ts';
import { formatCount } from './format.ts';
import { jsonLine } from './json-text.ts';
import { safeLine } from './safe-line.ts';
import type { Talk } from './talk.ts';

/** What the command was told of its output. */
interface Wishes {
  readonly outputFile: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Throws InputError when the torrent is to go to stdout and cannot. */
export function checkStdout({ outputFile, json }: Wishes, env: Environment): void {
  if (outputFile !== '-') return;
  if (json) throw new InputError('bad-argument', '--json: stdout is taken by the torrent (-o -)');
  if (env.stdout.isTerminal) throw new InputError('bad-argument', '-o -: a torrent is no text for a terminal; a file named - is ./-');
}

/**
 * Tells of the torrent written to `path`: for people, as `KEY<tab>VALUE` lines, or as the JSON object of `info`, with the path. Of one that
 * went to stdout (undefined) only people are told.
 */
export async function tellOfTorrent(
  path: string | undefined,
  metainfo: Metainfo,
  wishes: Wishes,
  env: Environment,
  talk: Talk,
): Promise<void> {
  const { infohashHex, name, totalLength, pieceLength, pieceCount } = metainfo;
  if (path !== undefined && !wishes.quiet) {
    const rows = { path, infohash: infohashHex, name, totalLength, pieceLength, pieceCount };
    const lines = Object.entries(rows).map(([key, value]) => `${key}\t${safeLine(String(value))}\n`);
    const text = env.stdout.isTerminal ? `${infohashHex}  ${safeLine(path)}\n` : lines.join('');
    await env.stdout.write(wishes.json ? jsonLine({ path, ...infoObject(metainfo) }) : text);
  }
  const files = metainfo.files.filter((file) => !file.pad);
  const bytes = files.reduce((sum, file) => sum + file.length, 0);
  const size = `${formatBytes(bytes)} in ${formatCount(files.length, 'file')}`;
  talk.say(`${path ?? 'stdout'}: ${size}, ${formatCount(pieceCount, 'piece')} of ${formatBytes(pieceLength)}, infohash ${infohashHex}`);
}
