// What options are set to when nobody types them: by variables (`--stall-timeout` is TTORRENT_STALL_TIMEOUT) and by the config file
// (`"stall-timeout"`). A flag goes before a variable, a variable before the file, the file before the default. Whatever the way, a value is
// read by the option's own parser.

import { type Command, InvalidArgumentError, type Option } from 'commander';

import { hookVariableNames } from '../hooks/hook-variables.ts';
import { isRepeatable } from '../command-options.ts';
import { ConfigError, type ConfigFile } from './config-file.ts';
import { didYouMean, nearest } from './did-you-mean.ts';

/** Where values come from beside the command line. */
export interface SettingSources {
  readonly variables: NodeJS.ProcessEnv;
  /** Called once, when a command has been typed correctly. Throws ConfigError. */
  readonly readFile: () => ConfigFile | undefined;
  /** Told of what is odd, one line each. */
  readonly warn: (message: string) => void;
}

/** No variables and no file. */
export const noSources: SettingSources = { variables: {}, readFile: () => undefined, warn: () => undefined };

/** A value as it was given. Of an option that may be given several times, a list. */
export type SettingValue = string | boolean | readonly string[];

/** Where a value is from; `where` is the name of the variable or the path of the file. */
export interface Setting {
  readonly value: SettingValue;
  readonly source: 'flag' | 'variable' | 'file';
  readonly where?: string;
}

/** What was set, by the option's name, and the file that was looked for. */
export interface Settings {
  readonly set: ReadonlyMap<string, Setting>;
  readonly file: ConfigFile | undefined;
}

/** The options of all commands, each name once. */
export function settableOptions(program: Command): Option[] {
  const byName = new Map<string, Option>();
  for (const command of program.commands) {
    for (const option of command.options) if (!byName.has(settingName(option))) byName.set(settingName(option), option);
  }
  return [...byName.values()];
}

/** `resume` for `--no-resume`; `output` for `--dir`, which the help calls the same as `--output`; but `recheck`, which says the opposite of `resume`. */
export function settingName(option: Option): string {
  const same = /^the same as --(?!no-)(\S+)$/.exec(option.description)?.[1];
  return same ?? option.name().replace(/^no-/, '');
}

/** `TTORRENT_STALL_TIMEOUT` for `stall-timeout`. */
export function variableName(settingNamed: string): string {
  return `TTORRENT_${settingNamed.replaceAll('-', '_').toUpperCase()}`;
}

/**
 * Gives the options of `command` that were not typed the values that `sources` have for them, and tells where each value is from. `typed` are
 * the texts of flags by setting name. Ends `command` with its usage when a value is refused or the file has a key that no command knows.
 */
export function applySettings(command: Command, sources: SettingSources, typed: ReadonlyMap<string, SettingValue>): Settings {
  const known = settableOptions(command.parent ?? command).map(settingName);
  const set = new Map<string, Setting>();
  for (const option of command.options) {
    const name = settingName(option);
    if (command.getOptionValueSource(option.attributeName()) === 'cli') set.set(name, { value: typed.get(name) ?? true, source: 'flag' });
  }
  warnOfVariables(sources, known);
  const { variables } = sources;
  fill(command, set, {
    source: 'variable',
    nameOf: (name) => `variable ${variableName(name)}`,
    where: variableName,
    read: (name, option) => (isForeign(name, variables) ? undefined : variableValue(option, variables[variableName(name)])),
  });
  const file = readFile(command, sources, known);
  fill(command, set, {
    source: 'file',
    nameOf: (name) => `${file?.path}: "${name}"`,
    where: () => file?.path ?? '',
    read: (name, option) => (isForeign(name, variables) ? undefined : fileValue(option, file?.entries?.get(name))),
  });
  return { set, file };
}

/** One place that values come from. */
interface Level {
  readonly source: 'variable' | 'file';
  /** How an error calls the setting. */
  readonly nameOf: (name: string) => string;
  readonly where: (name: string) => string;
  /** Throws InvalidArgumentError. */
  readonly read: (name: string, option: Option) => SettingValue | undefined;
}

/** Sets what `level` has a value for and no level before it has set, itself or by an option that excludes it. */
function fill(command: Command, set: Map<string, Setting>, level: Level): void {
  const before = new Set(namesSet(set));
  for (const option of command.options) {
    const name = settingName(option);
    if (set.has(name)) continue;
    try {
      const value = level.read(name, option);
      if (value === undefined) continue;
      const rivals = value === false ? [] : rivalsOf(option, command);
      if (rivals.some((rival) => before.has(rival))) continue;
      const rival = rivals.find((other) => namesSet(set).includes(other));
      if (rival !== undefined) throw new InvalidArgumentError(`It cannot be used with ${level.nameOf(rival)}.`);
      command.setOptionValueWithSource(option.attributeName(), parsed(option, value), level.source === 'file' ? 'config' : 'env');
      set.set(name, { value, source: level.source, where: level.where(name) });
    } catch (error) {
      if (error instanceof InvalidArgumentError) command.error(`error: ${level.nameOf(name)} is invalid. ${error.message}`);
      throw error;
    }
  }
}

function namesSet(set: ReadonlyMap<string, Setting>): string[] {
  return [...set].filter(([, { value }]) => value !== false).map(([name]) => name);
}

/** The settings that exclude `option`, whichever of the two says so. */
function rivalsOf(option: Option, command: Command): string[] {
  const excludes = (one: Option & { conflictsWith?: readonly string[] }, other: Option): boolean =>
    one.conflictsWith?.includes(other.attributeName()) === true;
  return command.options
    .filter((other) => excludes(option, other) || excludes(other, option))
    .map(settingName)
    .filter((name) => name !== settingName(option));
}

/** A ttorrent that a hook runs has the hooks that it is typed, and not those of the run that it stands for: they would call each other for ever. */
function isForeign(name: string, variables: NodeJS.ProcessEnv): boolean {
  return ['on-done', 'on-fail', 'gate'].includes(name) && (variables['TTORRENT_HOOK'] ?? '') !== '';
}

function warnOfVariables({ variables, warn }: SettingSources, known: readonly string[]): void {
  const names = [...known.map(variableName), 'TTORRENT_CONFIG'];
  for (const name of Object.keys(variables)) {
    if (!name.startsWith('TTORRENT_') || names.includes(name) || hookVariableNames.includes(name)) continue;
    // Without a likely meaning it is somebody else's variable.
    const meant = nearest(
      name.slice(9),
      names.map((other) => other.slice(9)),
    );
    if (meant[0] !== undefined)
      warn(
        `the variable ${name} means nothing${didYouMean(
          name,
          meant.map((other) => `TTORRENT_${other}`),
        )}`,
      );
  }
}

function readFile(command: Command, sources: SettingSources, known: readonly string[]): ConfigFile | undefined {
  try {
    const file = sources.readFile();
    for (const key of file?.entries?.keys() ?? []) {
      if (!known.includes(key)) throw new ConfigError(`${file?.path}: unknown key "${key}"${didYouMean(key, known)}`);
    }
    return file;
  } catch (error) {
    if (error instanceof ConfigError) command.error(`error: ${error.message}`);
    throw error;
  }
}

/** A variable that is set and empty counts as not set. */
function variableValue(option: Option, text: string | undefined): SettingValue | undefined {
  if (text === undefined || text === '') return undefined;
  if (isRepeatable(option)) return text.split('\n').filter((line) => line !== '');
  if (option.required) return text;
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  if (option.optional) return text;
  throw new InvalidArgumentError(`Expected 1 or 0, true or false, yes or no, on or off, found ${text}.`);
}

function fileValue(option: Option, value: unknown): SettingValue | undefined {
  if (value === undefined) return undefined;
  const isText = (item: unknown): item is string | number => typeof item === 'string' || typeof item === 'number';
  const refuse = (expected: string): never => {
    throw new InvalidArgumentError(`Expected ${expected}, found ${JSON.stringify(value)}.`);
  };
  if (!option.required && typeof value === 'boolean') return value;
  if (isSwitch(option)) return refuse('true or false');
  if (!isRepeatable(option)) return isText(value) ? String(value) : refuse('a text or a number');
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.every(isText) ? items.map(String) : refuse('a text or a list of texts');
}

/** Whether it is on or off and takes no value: `--overwrite`, `--no-resume`. */
export function isSwitch(option: Option): boolean {
  return !option.required && !option.optional;
}

function parsed(option: Option, value: SettingValue): unknown {
  if (typeof value === 'boolean') return value;
  const texts = typeof value === 'string' ? [value] : value;
  const { parseArg } = option;
  if (parseArg === undefined) return texts[0];
  return texts.reduce((previous: unknown, text) => parseArg(text, previous), undefined);
}
