// The options of `ttorrent get` that concern order and streaming to stdout.

import { type Command, InvalidArgumentError, Option } from 'commander';

import type { DownloadOptions, StreamOptions } from '../index.ts';
import { outputDirOf, quantity } from './command-options.ts';
import { parseSize } from './units.ts';

/** How data is to go to stdout. */
export type StreamRequest = Pick<StreamOptions, 'tar' | 'spoolDir'>;

/** What commander gives of these options. */
export interface TypedStreamOptions {
  output?: string;
  dir?: string;
  sequential?: true;
  readAhead?: number;
  tar?: true;
  spool?: string;
  gate?: string;
  dryRun?: true;
}

/** The options, in the order of the help. */
export function streamOptions(): Option[] {
  return [
    new Option('--sequential', 'fetch pieces in order, so that the beginning can be used early'),
    quantity('--read-ahead <SIZE>', 'in order: how far ahead of the first missing byte (default: 64M, with --spool 1G)', parseSize),
    new Option('--tar', 'with -o -: a tar also of a single file'),
    new Option('--spool <DIR>', 'with -o -: keep pieces that come too early in a temporary file in DIR, not in memory').argParser(
      (path) => {
        if (path === '') throw new InvalidArgumentError('Expected a directory.');
        return path;
      },
    ),
  ];
}

/** The order that a download is asked for. */
export function orderOf(typed: TypedStreamOptions): Pick<DownloadOptions, 'order' | 'readAheadBytes'> {
  return {
    ...(typed.sequential === true && { order: 'sequential' }),
    ...(typed.readAhead !== undefined && { readAheadBytes: typed.readAhead }),
  };
}

/** `stream`, when the output is `-`. `command` refuses what makes no sense. */
export function streamRequest(typed: TypedStreamOptions, command: Command): { stream?: StreamRequest } {
  if (outputDirOf(typed) !== '-') {
    // A directory for the spool may be a habit, and so is every setting; who types that he wants a tar and gets files is misled.
    if (typed.tar === true && command.getOptionValueSource('tar') === 'cli') command.error("error: option '--tar' needs '-o -'");
    return {};
  }
  // No file gets a final name, and stdout is for data: what a gate would veto and a plan would print is refused, not left out.
  if (typed.gate !== undefined) command.error("error: option '--gate <CMD>' cannot be used with '-o -'");
  if (typed.dryRun === true) command.error("error: option '--dry-run' cannot be used with '-o -'");
  return { stream: { tar: typed.tar === true, ...(typed.spool !== undefined && { spoolDir: typed.spool }) } };
}
