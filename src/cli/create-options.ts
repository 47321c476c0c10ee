// How `ttorrent create` and `ttorrent edit` are typed, and what they ask of the library.

import { Argument, type Command, InvalidArgumentError, Option } from 'commander';

import type { CreateOptions, TorrentEdits } from '../index.ts';
import { type ProgressMode, progressOption, quantity, repeatable, torrentFileArgument } from './command-options.ts';
import { parseSize } from './units.ts';

/** Where a torrent goes, and how it is told. */
interface WritingOptions {
  /** A path; `-` is stdout; undefined when none was given. */
  readonly outputFile: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
}

/** What `ttorrent create` was asked, but for how it is to speak. */
export interface CreateRequest extends WritingOptions {
  readonly kind: 'create';
  readonly contentPath: string;
  readonly progress: ProgressMode;
  /** Whether the torrent is to tell when it was made. */
  readonly date: boolean;
  readonly create: Omit<CreateOptions, 'signal' | 'onProgress' | 'leaveOut' | 'creationDate' | 'createdBy'>;
}

/** What `ttorrent edit` was asked, but for how it is to speak. */
export interface EditRequest extends WritingOptions {
  readonly kind: 'edit';
  readonly torrentPath: string;
  readonly edits: TorrentEdits;
}

/** Examples for the help. */
export const createExamples = [
  'ttorrent create photos/ -t https://tracker.example/announce',
  'ttorrent create disk.iso -t https://a.example/announce,udp://b.example:6969 -t https://c.example/announce',
  'ttorrent create site/ --web-seed https://mirror.example/ --exclude .git --hidden -o site.torrent',
  'ttorrent create release/ --no-date -o - | sha256sum    # the same bytes every time',
];

/** As `createExamples`. */
export const editExamples = [
  'ttorrent edit disk.torrent --add-tracker https://new.example/announce',
  'ttorrent edit disk.torrent -t https://only.example/announce -o public.torrent',
  "ttorrent edit disk.torrent --remove-web-seed all --set-comment ''",
];

/** What commander gives the action of `create`. */
export interface TypedCreateOptions extends TypedWritingOptions {
  tracker?: string[];
  webSeed?: string[];
  private?: true;
  source?: string;
  comment?: string;
  torrentName?: string;
  name?: string;
  pieceLength?: number;
  padFiles?: true;
  exclude?: string[];
  hidden?: true;
  followSymlinks?: true;
  date: boolean;
  progress: ProgressMode;
}

/** What commander gives the action of `edit`. */
export interface TypedEditOptions extends TypedWritingOptions {
  setTracker?: string[];
  addTracker?: string[];
  removeTracker?: string[];
  setWebSeed?: string[];
  addWebSeed?: string[];
  removeWebSeed?: string[];
  setComment?: string;
}

interface TypedWritingOptions {
  outputFile?: string;
  output?: string;
  force?: true;
  json?: true;
}

/** Gives `command` its description, argument and options. */
export function defineCreate(command: Command): Command {
  command
    .summary('make a torrent of files')
    .description('Makes a torrent of a file or of all files below a directory. The same content and options give the same torrent.')
    .addArgument(new Argument('<PATH>', 'the file or directory').argParser(pathTyped));
  for (const option of createOptions()) command.addOption(option);
  return command;
}

/** As `defineCreate`. */
export function defineEdit(command: Command): Command {
  command
    .summary('change trackers, web seeds and comment of a torrent')
    .description('Changes trackers, web seeds and the comment of a torrent file. All else stays as it is, and so does its infohash.')
    .addArgument(torrentFileArgument());
  for (const option of editOptions()) command.addOption(option);
  return command;
}

function createOptions(): Option[] {
  return [
    ...outputFileOptions('write the torrent to FILE; - is stdout (default: "NAME.torrent")'),
    repeatable('-t, --tracker <URLS>', 'a tier of trackers, with commas between; repeat it for the next tier'),
    repeatable('-w, --web-seed <URL>', 'a web server that has the content, too (repeatable)'),
    new Option('--private', 'peers are to come from the trackers only'),
    new Option('--source <TEXT>', 'the site it is for: makes it another torrent than that of the same content for another site'),
    new Option('--comment <TEXT>', 'a comment'),
    // Its setting is not `name`: the variable would be one that hooks are given.
    new Option('-n, --torrent-name <NAME>', 'the name that downloads get (default: that of PATH)').conflicts('name'),
    new Option('--name <NAME>', 'the same as --torrent-name'),
    quantity('-l, --piece-length <SIZE>', 'a power of two from 16K to 256M (default: for 1000 to 2000 pieces, at most 16M)', parseSize),
    new Option('--pad-files', 'put padding between files, so that each begins with a piece of its own'),
    repeatable('-x, --exclude <GLOB>', 'leave out files or directories: globs on paths below PATH, or on names (repeatable)', globTyped),
    new Option('--hidden', 'take files and directories whose name begins with a dot, too'),
    new Option('--follow-symlinks', 'take what symbolic links lead to; else they are refused'),
    new Option('--no-date', 'do not say when it was made; else it is now, or $SOURCE_DATE_EPOCH'),
    forceOption(),
    progressOption(),
    new Option('--json', 'print one JSON object'),
  ];
}

function editOptions(): Option[] {
  return [
    ...outputFileOptions('write the torrent to FILE instead of changing it in place; - is stdout'),
    repeatable('-t, --set-tracker <URLS>', 'a tier of trackers, instead of all that are there (repeatable)'),
    repeatable('--add-tracker <URLS>', 'one more tier of trackers, behind the others (repeatable)'),
    repeatable('--remove-tracker <URL>', 'a tracker that is to go, or "all" (repeatable)'),
    repeatable('-w, --set-web-seed <URL>', 'a web seed, instead of all that are there (repeatable)'),
    repeatable('--add-web-seed <URL>', 'one more web seed (repeatable)'),
    repeatable('--remove-web-seed <URL>', 'a web seed that is to go, or "all" (repeatable)'),
    new Option('--set-comment <TEXT>', "the comment; '' removes it"),
    forceOption(),
    new Option('--json', 'print one JSON object'),
  ];
}

/** Its setting is not `output`: who sets that in the config file means the directory of downloads. */
function outputFileOptions(description: string): Option[] {
  return [
    new Option('-o, --output-file <FILE>', description).argParser(pathTyped).conflicts('output'),
    new Option('--output <FILE>', 'the same as --output-file').argParser(pathTyped),
  ];
}

function forceOption(): Option {
  return new Option('--force', 'replace the FILE that is there');
}

function globTyped(glob: string): string {
  if (glob === '') throw new InvalidArgumentError('Expected a glob such as *.tmp.');
  return glob;
}

function pathTyped(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a path.');
  return text;
}

/** What was asked of `create`. */
export function createRequest(contentPath: string, typed: TypedCreateOptions): CreateRequest {
  const name = typed.torrentName ?? typed.name;
  return {
    kind: 'create',
    contentPath,
    progress: typed.progress,
    date: typed.date,
    ...writingOf(typed),
    create: {
      trackers: tiersOf(typed.tracker),
      webSeeds: typed.webSeed ?? [],
      private: typed.private === true,
      padFiles: typed.padFiles === true,
      exclude: typed.exclude ?? [],
      hidden: typed.hidden === true,
      followSymlinks: typed.followSymlinks === true,
      ...(typed.source !== undefined && { source: typed.source }),
      ...(typed.comment !== undefined && { comment: typed.comment }),
      ...(name !== undefined && { name }),
      ...(typed.pieceLength !== undefined && { pieceLength: typed.pieceLength }),
    },
  };
}

/** What was asked of `edit`. Ends `command` with its usage when that is nothing. */
export function editRequest(torrentPath: string, typed: TypedEditOptions, command: Command): EditRequest {
  const { setTracker, setWebSeed, removeTracker = [], removeWebSeed = [], addTracker, addWebSeed, setComment } = typed;
  const wishes = [setTracker, typed.removeTracker, addTracker, setWebSeed, typed.removeWebSeed, addWebSeed, setComment];
  if (wishes.every((wish) => wish === undefined)) command.error('error: nothing is to change');
  const edits: TorrentEdits = {
    ...(removeTracker.includes('all') && { trackers: [] }),
    ...(setTracker !== undefined && { trackers: tiersOf(setTracker) }),
    removeTrackers: removeTracker.filter((url) => url !== 'all'),
    addTrackers: tiersOf(addTracker),
    ...(removeWebSeed.includes('all') && { webSeeds: [] }),
    ...(setWebSeed !== undefined && { webSeeds: setWebSeed }),
    removeWebSeeds: removeWebSeed.filter((url) => url !== 'all'),
    addWebSeeds: addWebSeed ?? [],
    ...(setComment !== undefined && { comment: setComment }),
  };
  return { kind: 'edit', torrentPath, edits, ...writingOf(typed) };
}

/** A comma separates trackers of a tier where another URL follows it: a URL may hold commas itself. */
function tiersOf(typed: readonly string[] = []): string[][] {
  return typed.map((tier) => tier.split(/,(?=[a-z][a-z0-9+.-]*:\/\/)/i));
}

function writingOf({ outputFile, output, force, json }: TypedWritingOptions): WritingOptions {
  return { outputFile: outputFile ?? output, force: force === true, json: json === true };
}
