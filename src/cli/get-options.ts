// The options of `ttorrent get`, and what they ask of the library.

import { Option } from 'commander';

import type { ChecksumAlgorithm, DownloadOptions } from '../index.ts';
import { type ProgressMode, outputDirOf, outputOptions, progressOption, quantity, repeatable, selectOption } from './command-options.ts';
import { hookOptions, type TypedHookOptions } from './hooks/hook-options.ts';
import { manyOptions, type TypedManyOptions } from './many-options.ts';
import { peerOptions, peerOptionsOf, type TypedPeerOptions } from './peer-options.ts';
import { recordOptions, type TypedRecordOptions } from './record-options.ts';
import { seedGoalOptions, seedOption, type TypedSeedOptions } from './seed-options.ts';
import { type TypedStreamOptions, orderOf, streamOptions } from './stream-options.ts';
import { type TypedWebSeedOptions, webSeedOptions, webSeedOptionsOf } from './web-seed-options.ts';
import { parseDuration, parseMinRate, parseRate } from './units.ts';

/** The options of `get`, in the order of its help. */
export function getOptions(): Option[] {
  return [
    ...outputOptions('put the files below DIR; - streams them to stdout'),
    selectOption('download only these files'),
    new Option('-S, --show-files', 'list the files with their numbers and exit'),
    new Option('--interactive', 'list the files and ask which of them to download'),
    ...manyOptions(),
    new Option('--dry-run', 'tell what would be done, contact nobody and change nothing'),
    ...peerOptions(),
    ...webSeedOptions(),
    quantity('--max-download-rate <RATE>', 'bytes per second; 0 = no limit (default)', parseRate),
    quantity('--stall-timeout <DURATION>', 'give up when nothing of use came for so long; 0 = never (default: 5m)', parseDuration),
    quantity('--deadline <DURATION>', 'give up, or end seeding, after so long; 0 = never (default)', parseDuration),
    quantity('--min-rate <RATE:DURATION>', 'give up when slower than RATE over DURATION', parseMinRate),
    seedOption(),
    ...seedGoalOptions(),
    new Option('--no-resume', 'check all data that is there; trust no saved state'),
    new Option('--recheck', 'the same as --no-resume'),
    repeatable('--checksum <ALGORITHM:HEX[:PATH]>', 'what the file, or the one at PATH, must hash to; sha256, sha1, ... (repeatable)'),
    repeatable('--sums <FILE|URL>', 'what files must hash to: a list such as SHA256SUMS (repeatable)'),
    new Option('--print-sums <ALGORITHM>', 'print the sum of each file with its path, as sha256sum does').choices([
      'sha256',
      'sha512',
      'sha384',
      'sha224',
      'sha1',
      'md5',
    ]),
    new Option('--overwrite', 'replace a different file that is in the way'),
    new Option('--allocation <MODE>', 'how space is taken').choices(['sparse', 'none', 'prealloc']).default('sparse'),
    new Option('--no-fsync', 'do not wait for the disk: faster, but a power cut may lose data; for machines that are thrown away'),
    ...streamOptions(),
    progressOption(),
    ...hookOptions(),
    ...recordOptions(),
  ];
}

/** What commander gives the action of `get`. An option that was not typed and has no default is absent. */
export interface TypedGetOptions
  extends TypedHookOptions,
    TypedManyOptions,
    TypedPeerOptions,
    TypedRecordOptions,
    TypedSeedOptions,
    TypedStreamOptions,
    TypedWebSeedOptions {
  output?: string;
  dir?: string;
  select?: string[];
  showFiles?: true;
  interactive?: true;
  dryRun?: true;
  maxDownloadRate?: number;
  stallTimeout?: number;
  deadline?: number;
  minRate?: { bytesPerSecond: number; windowMs: number };
  resume: boolean;
  recheck?: true;
  checksum?: string[];
  sums?: string[];
  printSums?: ChecksumAlgorithm;
  overwrite?: true;
  allocation: 'sparse' | 'none' | 'prealloc';
  fsync: boolean;
  progress: ProgressMode;
}

/** What the library is asked for. What was not typed is left out, so that the library's defaults hold; 0 means off. */
export function downloadOptions(typed: TypedGetOptions): Omit<DownloadOptions, 'selection' | 'signal'> {
  return {
    outputDir: outputDirOf(typed),
    ...peerOptionsOf(typed),
    ...webSeedOptionsOf(typed),
    resume: typed.resume && typed.recheck !== true,
    overwrite: typed.overwrite === true,
    allocation: typed.allocation,
    fsync: typed.fsync,
    ...orderOf(typed),
    ...(typed.maxDownloadRate && { maxDownloadRate: typed.maxDownloadRate }),
    ...(typed.stallTimeout !== undefined && { stallTimeoutMs: typed.stallTimeout }),
    ...(typed.deadline && { deadlineMs: typed.deadline }),
    ...(typed.minRate !== undefined && { minRate: typed.minRate }),
    ...(typed.printSums !== undefined && { sums: [typed.printSums] }),
  };
}
