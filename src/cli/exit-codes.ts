// The one table of exit codes. Numbers up to 28 and 32 are aria2's where the meaning is aria2's, so that a script written for `aria2c`
// keeps working; from 40 on they are causes of BitTorrent. README.md and `ttorrent --help` are tested against this table.

import type { ErrorCode } from '../index.ts';

/** One row of the table. */
export interface ExitCode {
  readonly number: number;
  /** Two or three words, for the line that says how a run ended. */
  readonly name: string;
  readonly meaning: string;
}

/** Every exit code that ttorrent has, by its number. Some belong to features that are still to come: their numbers are taken. */
export const exitCodes: readonly ExitCode[] = [
  { number: 0, name: 'complete', meaning: 'complete and verified' },
  { number: 1, name: 'internal error', meaning: 'internal error: please report' },
  { number: 2, name: 'deadline reached', meaning: '`--deadline` reached' },
  { number: 3, name: 'torrent not found', meaning: 'torrent not found (file missing, URL 404/410)' },
  { number: 5, name: 'too slow', meaning: 'below `--min-rate` for its window' },
  { number: 6, name: 'network problem', meaning: 'network problem while fetching the torrent itself' },
  { number: 7, name: 'stalled', meaning: '`--stall-timeout` reached with peers known' },
  { number: 9, name: 'disk full', meaning: 'disk full' },
  { number: 13, name: 'in the way', meaning: 'a different file is in the way, or another ttorrent holds this download' },
  { number: 15, name: 'cannot open', meaning: 'cannot open a file' },
  { number: 16, name: 'cannot create', meaning: 'cannot create a file' },
  { number: 17, name: 'cannot read or write', meaning: 'cannot read or write a file' },
  { number: 18, name: 'cannot create directory', meaning: 'cannot create a directory' },
  { number: 25, name: 'not bencode', meaning: 'the torrent file is not bencode' },
  { number: 26, name: 'not a valid torrent', meaning: 'not a valid torrent' },
  { number: 27, name: 'bad magnet link', meaning: 'bad magnet link' },
  { number: 28, name: 'bad option', meaning: 'bad option or argument' },
  { number: 32, name: 'mismatch', meaning: 'data or published checksum does not match' },
  { number: 40, name: 'no source', meaning: 'no source: no tracker, DHT or web seed gave a usable peer' },
  { number: 41, name: 'tracker refused', meaning: 'tracker refused (its reason is the message), and no other source' },
  { number: 42, name: 'only corrupt sources', meaning: 'only corrupt sources are left' },
  { number: 43, name: 'nothing selected', meaning: 'a file selector matched nothing' },
  { number: 44, name: 'hook failed', meaning: 'completion hook failed' },
  { number: 45, name: 'no metadata', meaning: 'metadata of a magnet not obtained in `--metadata-timeout`' },
  { number: 129, name: 'SIGHUP', meaning: 'SIGHUP: stopped cleanly, state saved' },
  { number: 130, name: 'SIGINT', meaning: 'SIGINT: stopped cleanly, state saved' },
  { number: 141, name: 'stdout closed', meaning: 'reader of stdout went away (EPIPE)' },
  { number: 143, name: 'SIGTERM', meaning: 'SIGTERM: stopped cleanly, state saved' },
];

/** The exit code of each cause. */
export const exitCodeOf: Readonly<Record<ErrorCode, number>> = {
  internal: 1,
  'deadline-reached': 2,
  'torrent-not-found': 3,
  'below-min-rate': 5,
  'torrent-fetch-failed': 6,
  stalled: 7,
  'disk-full': 9,
  'in-the-way': 13,
  locked: 13,
  'open-failed': 15,
  'create-failed': 16,
  'read-write-failed': 17,
  'mkdir-failed': 18,
  'not-bencode': 25,
  'bad-torrent': 26,
  'bad-magnet': 27,
  'bad-argument': 28,
  'data-mismatch': 32,
  'no-source': 40,
  'tracker-refused': 41,
  'only-corrupt-sources': 42,
  'nothing-selected': 43,
  'hook-failed': 44,
  'metadata-timeout': 45,
  // A remote's fault that reached the end of a run: there was no other source.
  network: 40,
  protocol: 40,
};

/**
 * Every failure, the gravest first: with several torrents the gravest is the exit code. Our own mistake and being stopped come before all;
 * then what is wrong on this machine, then with the data, then with the torrents, then with the sources, and last what more time may cure.
 */
export const bySeverity: readonly number[] = [
  ...[1, 141, 130, 143, 129],
  ...[28, 9, 18, 16, 17, 15],
  ...[32, 44, 13],
  ...[26, 25, 27, 3, 43],
  ...[42, 41, 40, 45, 6],
  ...[5, 7, 2],
];

/** What a process that stopped cleanly on a signal exits with: 128 + the signal's number, as shells count. */
export const exitCodeOfSignal = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A signal on which ttorrent stops cleanly. */
export type StopSignal = keyof typeof exitCodeOfSignal;

/** The reader of stdout went away. */
export const brokenPipeExitCode = 141;

/** The name of exit code `number`. */
export function exitCodeName(number: number): string {
  return exitCodes.find((code) => code.number === number)?.name ?? 'unknown';
}

/** The table as lines of text, for `--help`. */
export function exitCodeLines(): string[] {
  return exitCodes.map((code) => `${String(code.number).padStart(5)}  ${code.meaning.replaceAll('`', '')}`);
}
