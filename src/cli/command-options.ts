// The options and arguments that the commands are put together from, and the checks of what is typed into them.

import { Argument, InvalidArgumentError, Option } from 'commander';

import { UnitError } from './units.ts';

/** How progress is shown: `auto` is a bar on a terminal and plain lines elsewhere. */
export type ProgressMode = 'auto' | 'bar' | 'plain' | 'none';

/** The torrent to work on: a path, an http or https URL, or `-`. */
export function torrentArgument(): Argument {
  return new Argument('<torrent>', 'a torrent file, its http or https URL, or - for stdin').argParser(torrentSource);
}

/** The torrents to work on, in the same ways; none where a list names them. */
export function torrentsArgument(): Argument {
  const collect = (source: string, before: readonly string[] | undefined): string[] => [...(before ?? []), torrentSource(source)];
  return new Argument('[torrent...]', 'torrent files, their http or https URLs, or - for stdin').argParser(collect);
}

/** The torrent file to change. */
export function torrentFileArgument(): Argument {
  return new Argument('<file.torrent>', 'the torrent file').argParser((path: string) => {
    if (path === '-' || /^https?:\/\//i.test(path)) throw new InvalidArgumentError('Expected the path of a file.');
    return torrentSource(path);
  });
}

function torrentSource(source: string): string {
  if (source === '') throw new InvalidArgumentError('Expected a path, a URL, or - for stdin.');
  if (source.startsWith('magnet:')) throw new InvalidArgumentError('Magnet links are not supported yet.');
  return source;
}

/** `-o, --output DIR`, and `-d, --dir DIR` as aria2 names it: where the files are. Read with `outputDirOf`. */
export function outputOptions(description: string): Option[] {
  return [
    new Option('-o, --output <DIR>', `${description} (default: ".")`).argParser(directory).conflicts('dir'),
    new Option('-d, --dir <DIR>', 'the same as --output').argParser(directory),
  ];
}

/** The directory that `outputOptions` were told, by default the current one. */
export function outputDirOf(options: { readonly output?: string; readonly dir?: string }): string {
  return options.output ?? options.dir ?? '.';
}

/** `-s, --select LIST`, as often as wanted. */
export function selectOption(description: string): Option {
  const flags = '-s, --select <LIST>';
  return repeatable(flags, `${description}: numbers and ranges as --show-files lists them, or globs on paths (repeatable)`, (list) => {
    if (list === '') throw new InvalidArgumentError('Expected numbers, ranges or globs such as 1,3-5 or *.iso.');
    return list;
  });
}

/** `--progress MODE`. */
export function progressOption(): Option {
  return new Option('--progress <MODE>', 'how to show progress').choices(['auto', 'bar', 'plain', 'none']).default('auto');
}

/**
 * An option that may be given several times, its values collected in order. Commander's own variadic options are no choice: they swallow
 * the arguments behind them.
 */
export function repeatable(flags: string, description: string, check = (value: string): string => value): Option {
  const collect = (value: string, previous: readonly string[] | undefined): string[] => [...(previous ?? []), check(value)];
  repeatables.add(collect);
  return new Option(flags, description).argParser(collect);
}

const repeatables = new WeakSet<object>();

/** Whether `repeatable` made `option`. */
export function isRepeatable({ parseArg }: Option): boolean {
  return parseArg !== undefined && repeatables.has(parseArg);
}

/** An option whose value `parse` (of units.ts) understands. */
export function quantity(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser((text: string) => orInvalid(() => parse(text)));
}

/** A tracker to announce to: an absolute URL of a protocol that we speak. */
export function checkAnnounceUrl(url: string): string {
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme === undefined || !['http:', 'https:', 'udp:'].includes(scheme)) {
    throw new InvalidArgumentError('Expected a URL that begins with http://, https:// or udp://.');
  }
  return url;
}

/** The examples that a help begins with. */
export function examples(...lines: string[]): string {
  return `Examples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

function directory(path: string): string {
  if (path === '') throw new InvalidArgumentError('Expected a directory.');
  return path;
}

function orInvalid<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UnitError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
