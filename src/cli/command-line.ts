// The command line as one value: what was typed goes in, what is to be done comes out, and nothing runs. Pure.

import { Command, CommanderError, Option } from 'commander';

import type { DownloadOptions, NetworkOptions, PublishedSumsRequest } from '../index.ts';
import {
  type ProgressMode,
  examples,
  outputDirOf,
  outputOptions,
  progressOption,
  selectOption,
  torrentArgument,
  torrentsArgument,
} from './command-options.ts';
import {
  createExamples,
  createRequest,
  type CreateRequest,
  defineCreate,
  defineEdit,
  editExamples,
  editRequest,
  type EditRequest,
  type TypedCreateOptions,
  type TypedEditOptions,
} from './create-options.ts';
import { completionExamples, defineCompletion, type Shell } from './completion/definition.ts';
import { exitCodeLines } from './exit-codes.ts';
import { downloadOptions, getOptions, type TypedGetOptions } from './get-options.ts';
import { defaultJobs, refuseManyOf } from './many-options.ts';
import { type Hooks, hooksOf } from './hooks/hook-options.ts';

import { type RecordOptions, recordsOf } from './record-options.ts';
import { networkOptions, networkOptionsOf, type TypedNetworkOptions } from './network-options.ts';
import { refuse, usageOf } from './refusal.ts';
import type { ConfigFile } from './settings/config-file.ts';
import { type EffectiveSetting, effectiveSettings, offerAll } from './settings/effective.ts';
import { commandFirst, withSwitches } from './settings/leading-options.ts';
import { defineSeed, type SeedCommand } from './seed-command.ts';
import { seedAfter, type SeedRequest } from './seed-options.ts';
import { applySettings, noSources, type SettingSources, type Settings, type SettingValue } from './settings/settings.ts';
import { type SpeechOptions, speechOf, speechOptions, type TypedSpeech } from './speech-options.ts';
import { type StreamRequest, streamRequest } from './stream-options.ts';
import { definePeers, defineScrape, type TrackerCommand } from './tracker-commands.ts';
import { UsageError } from './usage-error.ts';

/** What `ttorrent get` was asked. */
export interface GetCommand extends SpeechOptions {
  readonly kind: 'get';
  readonly torrentPath: string;
  /** List the files and do nothing else. */
  readonly showFiles: boolean;
  /** Ask which files. */
  readonly interactive: boolean;
  /** Tell what would be done and do nothing else. */
  readonly dryRun: boolean;
  /** In the order typed; empty means all files. */
  readonly select: readonly string[];
  readonly progress: ProgressMode;
  readonly hooks: Hooks | undefined;
  /** What the files must hash to. */
  readonly published: Required<Pick<PublishedSumsRequest, 'checksums' | 'lists'>>;
  readonly blocklists?: readonly string[];
  readonly download: Omit<DownloadOptions, 'selection' | 'signal' | 'approve'>;
  /** Present when the data goes to stdout. */
  readonly stream?: StreamRequest;
  /** Present when what is complete is to be given to others. */
  readonly seed?: SeedRequest;
  /** Event lines and a report, when asked for. */
  readonly records?: RecordOptions;
}

/** What `ttorrent get` was asked of several torrents. */
export interface GetManyCommand extends SpeechOptions {
  readonly kind: 'get-many';
  /** In the order typed; those of the list come behind them. */
  readonly sources: readonly string[];
  /** A file or pipe that lists sources; `-` is stdin. */
  readonly listPath: string | undefined;
  /** How many are downloaded at a time. */
  readonly jobs: number;
  /** What is asked of each. */
  readonly each: Omit<GetCommand, 'kind' | 'torrentPath'>;
}

/** What `ttorrent info` was asked. */
export interface InfoCommand extends SpeechOptions {
  readonly kind: 'info';
  readonly torrentPath: string;
  /** How the torrent is reached when it is on the web. */
  readonly network?: NetworkOptions;
  readonly json: boolean;
}

/** What `ttorrent verify` was asked. */
export interface VerifyCommand extends SpeechOptions {
  readonly kind: 'verify';
  readonly torrentPath: string;
  /** How the torrent is reached when it is on the web. */
  readonly network?: NetworkOptions;
  readonly outputDir: string;
  readonly select: readonly string[];
  readonly progress: ProgressMode;
  readonly json: boolean;
}

/** What `ttorrent create` was asked. */
export type CreateCommand = CreateRequest & SpeechOptions;

/** What `ttorrent edit` was asked. */
export type EditCommand = EditRequest & SpeechOptions;

/** What `ttorrent config` was asked. */
export interface ConfigCommand extends SpeechOptions {
  readonly kind: 'config';
  readonly settings: readonly EffectiveSetting[];
  /** The config file that was looked for. */
  readonly file: ConfigFile | undefined;
  readonly json: boolean;
}

/** What `ttorrent completion` was asked. */
export interface CompletionCommand extends SpeechOptions {
  readonly kind: 'completion';
  readonly shell: Shell;
}

/** Help or version: a text that was asked for. */
export interface PrintCommand {
  readonly kind: 'print';
  readonly text: string;
}

/** What was asked of the program. */
export type CommandLine =
  | GetCommand
  | GetManyCommand
  | SeedCommand
  | InfoCommand
  | VerifyCommand
  | CreateCommand
  | EditCommand
  | TrackerCommand
  | ConfigCommand
  | CompletionCommand
  | PrintCommand;

/**
 * What `args` (without the program's own name) ask for, where they leave it open with the settings of `sources`; `version` is what `--version`
 * prints. Throws UsageError.
 */
export function parseCommandLine(args: readonly string[], version: string, sources = noSources): CommandLine {
  const outcome = newOutcome(sources, args.includes('config'));
  const program = makeProgram(outcome, version);
  try {
    program.parse(withSwitches(commandFirst(args, program), program), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'print', text: outcome.printed };
    throw error;
  }
  if (outcome.command === undefined) throw new UsageError('no command was given', usageOf(program));
  return outcome.command;
}

/** The definitions of all commands and options, to be read and not run. */
export function defineProgram(version: string): Command {
  return makeProgram(newOutcome(noSources, true), version);
}

/** Where commander's callbacks leave what they were called with. */
interface Outcome {
  command: CommandLine | undefined;
  printed: string;
  readonly sources: SettingSources;
  /** Whether `config` is to have the options of all commands, which takes 2 ms: the others do without. */
  readonly offersAll: boolean;
  /** The texts of options, by setting name, where a command wants to know. */
  readonly typed: Map<string, SettingValue>;
  settings: Settings;
}

function newOutcome(sources: SettingSources, offersAll: boolean): Outcome {
  return { command: undefined, printed: '', sources, offersAll, typed: new Map(), settings: { set: new Map(), file: undefined } };
}

function makeProgram(outcome: Outcome, version: string): Command {
  const program = new Command('ttorrent')
    .description('Downloads what a torrent file names, verifies every piece of it, and says in its exit code how it went.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: (text) => (outcome.printed += text),
      writeErr: () => undefined, // what it would say is in the error that it throws
      getOutHelpWidth: () => 80, // wherever it goes, so that it reads the same in a pipe
    })
    .addHelpText(
      'before',
      examples('ttorrent get debian.torrent -o ~/Downloads', 'ttorrent info debian.torrent', 'ttorrent verify debian.torrent'),
    )
    .addHelpText('after', `\n${quantityNotes}\n\nExit codes:\n${exitCodeLines().join('\n')}`);
  addGet(program, outcome);
  defineSeed(program.command('seed'), (command) => (outcome.command = command));
  addInfo(program, outcome);
  addVerify(program, outcome);
  addCreate(program, outcome);
  addEdit(program, outcome);
  defineScrape(program.command('scrape'), (command) => (outcome.command = command));
  definePeers(program.command('peers'), (command) => (outcome.command = command));
  addConfig(program, outcome);
  addCompletion(program, outcome);
  program.hook('preAction', (_, command) => {
    outcome.settings = applySettings(command, outcome.sources, outcome.typed);
  });
  for (const command of [program, ...program.commands]) command.exitOverride((error) => refuse(command, error));
  return program;
}

/** How sizes, rates and durations are written. */
export const quantityNotes = `Sizes and rates: 500K, 2M, 1.5GiB (powers of 1024), 10MB (powers of 1000).
Durations: 90s, 5m, 1h30m, 2d; a bare number is seconds.`;

function addGet(program: Command, outcome: Outcome): void {
  const command = program
    .command('get')
    .summary('download the files of a torrent')
    .description(
      'Downloads the files of a torrent. Run again, it goes on where it stopped. The paths of the files go to stdout when all is done.',
    )
    .addHelpText(
      'before',
      examples(
        'ttorrent get debian.torrent -o ~/Downloads',
        "ttorrent get album.torrent -s 1-3 -s '*.pdf'",
        'ttorrent get image.torrent --deadline 30m --min-rate 100K:1m',
        "ttorrent get image.torrent -o /tmp/image | xargs -r -d '\\n' sha256sum",
        'ttorrent get image.torrent -s image.xz -o - | xz -d | dd of=/dev/sdX bs=4M',
        'ttorrent get image.torrent --seed --seed-ratio 2',
        'ttorrent get https://example.org/image.torrent',
        'ttorrent get *.torrent -j 5',
      ),
    )
    .addArgument(torrentsArgument());
  for (const option of [...getOptions(), ...speechOptions('print nothing but errors')]) command.addOption(option);
  command.action((given: string[] | undefined, typed: TypedGetOptions & TypedSpeech) => {
    const sources = given ?? [];
    const [torrentPath] = sources;
    const isMany = refuseManyOf(typed, sources, command);
    const records = recordsOf(typed, command);
    const each = {
      showFiles: typed.showFiles === true,
      interactive: typed.interactive === true,
      dryRun: typed.dryRun === true,
      select: typed.select ?? [],
      progress: typed.progress,
      hooks: hooksOf(typed, command),
      published: { checksums: typed.checksum ?? [], lists: typed.sums ?? [] },
      ...(typed.blocklist !== undefined && { blocklists: typed.blocklist }),
      download: downloadOptions(typed),
      ...streamRequest(typed, command),
      ...seedAfter(typed, command),
      ...(records !== undefined && { records }),
      ...speechOf(typed),
    };
    if (isMany || torrentPath === undefined) {
      const { inputFile: listPath, jobs = defaultJobs } = typed;
      outcome.command = { kind: 'get-many', sources, listPath, jobs, each, ...speechOf(typed) };
    } else outcome.command = { kind: 'get', torrentPath, ...each };
  });
}

function addInfo(program: Command, outcome: Outcome): void {
  const command = program
    .command('info')
    .summary('print what a torrent holds')
    .description('Prints what a torrent holds, for people or as one JSON object.')
    .addHelpText('before', examples('ttorrent info debian.torrent', 'ttorrent info debian.torrent --json | jq -r .infohash'))
    .addArgument(torrentArgument())
    .addOption(new Option('--json', 'print one JSON object'));
  for (const option of [...networkOptions(), ...speechOptions('print no warnings')]) command.addOption(option);
  command.action((torrentPath: string, typed: TypedSpeech & TypedNetworkOptions & { json?: true }) => {
    outcome.command = { kind: 'info', torrentPath, json: typed.json === true, ...networkOptionsOf(typed), ...speechOf(typed) };
  });
}

interface TypedVerifyOptions extends TypedSpeech, TypedNetworkOptions {
  output?: string;
  dir?: string;
  select?: string[];
  progress: ProgressMode;
  json?: true;
}

function addVerify(program: Command, outcome: Outcome): void {
  const command = program
    .command('verify')
    .summary('check files against a torrent')
    .description('Checks files against a torrent and changes nothing. Exit code 0: all complete; 32: something differs or is missing.')
    .addHelpText('before', examples('ttorrent verify debian.torrent -o ~/Downloads', 'ttorrent verify debian.torrent -q && echo good'))
    .addArgument(torrentArgument());
  const options = [
    ...outputOptions('the files are below DIR'),
    selectOption('check only these files'),
    progressOption(),
    new Option('--json', 'print one JSON object'),
    ...networkOptions(),
    ...speechOptions('print nothing but errors'),
  ];
  for (const option of options) command.addOption(option);
  command.action((torrentPath: string, typed: TypedVerifyOptions) => {
    const outputDir = outputDirOf(typed);
    if (outputDir === '-') command.error("error: 'verify' reads a directory, and '-o -' is stdout (a directory of this name is ./-)");
    const { select = [], progress, json } = typed;
    const reached = networkOptionsOf(typed);
    outcome.command = { kind: 'verify', torrentPath, outputDir, select, progress, json: json === true, ...reached, ...speechOf(typed) };
  });
}

function addCreate(program: Command, outcome: Outcome): void {
  const command = defineCreate(program.command('create')).addHelpText('before', examples(...createExamples));
  for (const option of speechOptions('print nothing but errors')) command.addOption(option);
  command.action((contentPath: string, typed: TypedCreateOptions & TypedSpeech) => {
    outcome.command = { ...createRequest(contentPath, typed), ...speechOf(typed) };
  });
}

function addEdit(program: Command, outcome: Outcome): void {
  const command = defineEdit(program.command('edit')).addHelpText('before', examples(...editExamples));
  for (const option of speechOptions('print nothing but errors')) command.addOption(option);
  command.action((torrentPath: string, typed: TypedEditOptions & TypedSpeech) => {
    outcome.command = { ...editRequest(torrentPath, typed, command), ...speechOf(typed) };
  });
}

function addConfig(program: Command, outcome: Outcome): void {
  const command = program
    .command('config')
    .summary('print what the options are set to, and where that is from')
    .description(
      'Prints each option with its value and where that is from: a flag, a variable, the config file, or the default. Takes the options of all commands.',
    )
    .addHelpText('before', examples('ttorrent config', 'TTORRENT_DEADLINE=30m ttorrent config --json | jq .options.deadline'))
    .addOption(new Option('--json', 'print one JSON object'));
  for (const option of speechOptions('print no warnings')) command.addOption(option);
  if (outcome.offersAll) offerAll(command, program, outcome.typed);
  command.action((typed: TypedSpeech & { json?: true }) => {
    const { settings } = outcome;
    const shown = effectiveSettings(program, settings);
    outcome.command = { kind: 'config', settings: shown, file: settings.file, json: typed.json === true, ...speechOf(typed) };
  });
}

function addCompletion(program: Command, outcome: Outcome): void {
  const command = defineCompletion(program.command('completion')).addHelpText('before', examples(...completionExamples));
  for (const option of speechOptions('print no warnings')) command.addOption(option);
  command.action((shell: Shell, typed: TypedSpeech) => {
    outcome.command = { kind: 'completion', shell, ...speechOf(typed) };
  });
}
