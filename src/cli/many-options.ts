// The options of `ttorrent get` that concern several torrents.

import { type Command, InvalidArgumentError, Option } from 'commander';

import { outputDirOf, quantity } from './command-options.ts';
import { parseCount } from './units.ts';

/** How many torrents are downloaded at a time unless the user says otherwise. */
export const defaultJobs = 3;

/** What commander gives of these options. */
export interface TypedManyOptions {
  output?: string;
  dir?: string;
  inputFile?: string;
  jobs?: number;
  interactive?: true;
  showFiles?: true;
  checksum?: string[];
}

/** The options, in the order of the help. */
export function manyOptions(): Option[] {
  return [
    new Option('-i, --input-file <FILE>', 'the torrents that FILE lists, too, one a line; - is stdin').argParser((path, before) => {
      if (path === '' || /^https?:\/\//i.test(path)) throw new InvalidArgumentError('Expected a file, or - for stdin.');
      if (before !== undefined) throw new InvalidArgumentError('There is one list already.');
      return path;
    }),
    quantity('-j, --jobs <N>', 'of several torrents, download so many at a time (default: 3)', (text) => parseCount(text, 1, 100)),
  ];
}

/** Whether several torrents are asked for. `command` refuses it when there is none, and with what is for one only. */
export function refuseManyOf(typed: TypedManyOptions, sources: readonly string[], command: Command): boolean {
  if (sources.length === 0 && typed.inputFile === undefined) command.error("error: missing required argument 'torrent'");
  if (sources.length <= 1 && typed.inputFile === undefined) return false;
  const refuse = (what: string): never => command.error(`error: ${what} is for one torrent, and there may be several`);
  if (outputDirOf(typed) === '-') refuse("option '-o -'");
  if (typed.showFiles === true) refuse("option '--show-files'");
  if (typed.interactive === true) refuse("option '--interactive'");
  const pathless = typed.checksum?.find((checksum) => !/^[^:=]+[:=][^:]+:./s.test(checksum));
  if (pathless !== undefined) refuse(`option '--checksum ${pathless}', which names no path,`);
  return true;
}
