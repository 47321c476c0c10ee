// The definition of `ttorrent seed`: its options, and what they ask for.

import { type Command, Option } from 'commander';

import type { DownloadOptions } from '../index.ts';
import {
  type ProgressMode,
  examples,
  outputDirOf,
  outputOptions,
  progressOption,
  selectOption,
  torrentArgument,
} from './command-options.ts';
import { peerOptions, peerOptionsOf, type TypedPeerOptions } from './peer-options.ts';
import { type RecordOptions, recordOptions, recordsOf, type TypedRecordOptions } from './record-options.ts';
import { seedGoalOptions, type SeedRequest, seedRequest, type TypedSeedOptions } from './seed-options.ts';
import { type SpeechOptions, speechOf, speechOptions, type TypedSpeech } from './speech-options.ts';

/** What `ttorrent seed` was asked. */
export interface SeedCommand extends SpeechOptions {
  readonly kind: 'seed';
  readonly torrentPath: string;
  readonly select: readonly string[];
  readonly progress: ProgressMode;
  readonly blocklists?: readonly string[];
  readonly download: Omit<DownloadOptions, 'selection' | 'signal'>;
  readonly seed: SeedRequest;
  readonly records?: RecordOptions;
}

interface TypedSeedCommand extends TypedPeerOptions, TypedRecordOptions, TypedSeedOptions, TypedSpeech {
  select?: string[];
  resume: boolean;
  recheck?: true;
  progress: ProgressMode;
}

/** Makes `command` the one that seeds; `asked` is called with what was typed. */
export function defineSeed(command: Command, asked: (command: SeedCommand) => void): void {
  command
    .summary('give the files of a torrent to others')
    .description(
      'Gives complete files to whoever wants them, and writes nothing where they are. Checks them first; exit code 32: something differs or is missing. Ends with 0 when the first condition holds, and without one when it is stopped (SIGINT: 130, SIGTERM: 143).',
    )
    .addHelpText(
      'before',
      examples('ttorrent seed debian.torrent -o ~/Downloads', 'ttorrent seed debian.torrent --seed-ratio 2 --seed-time 1d'),
    )
    .addArgument(torrentArgument());
  const options = [
    ...outputOptions('the files are below DIR'),
    selectOption('give only these files'),
    ...seedGoalOptions(),
    ...peerOptions(),
    new Option('--no-resume', 'check all data; trust no memory of it'),
    new Option('--recheck', 'the same as --no-resume'),
    progressOption(),
    ...recordOptions(),
    ...speechOptions('print nothing but errors'),
  ];
  for (const option of options) command.addOption(option);
  command.action((torrentPath: string, typed: TypedSeedCommand) => {
    const { select = [], progress } = typed;
    if (outputDirOf(typed) === '-') command.error("error: option '-o -' is no directory; one of that name is './-'");
    const records = recordsOf(typed, command);
    asked({
      kind: 'seed',
      torrentPath,
      select,
      progress,
      ...(typed.blocklist !== undefined && { blocklists: typed.blocklist }),
      download: { outputDir: outputDirOf(typed), resume: typed.resume && typed.recheck !== true, ...peerOptionsOf(typed) },
      seed: seedRequest(typed),
      ...(records !== undefined && { records }),
      ...speechOf(typed),
    });
  });
}
