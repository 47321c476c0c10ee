// What `ttorrent config` shows: the options of every command with the values that they have here.

import { type Command, Option } from 'commander';

import { isRepeatable } from '../command-options.ts';
import { isSwitch, settableOptions, settingName, type Settings, type SettingValue } from './settings.ts';

/** One option as it is in effect. */
export interface EffectiveSetting {
  readonly name: string;
  /** As it was given; null when it is not set and has no default. */
  readonly value: SettingValue | null;
  readonly source: 'flag' | 'variable' | 'file' | 'default';
  /** The variable or the file. */
  readonly where?: string;
}

/** Lets `command` take the options of all commands of `program`; the texts typed are put into `typed` by setting name. */
export function offerAll(command: Command, program: Command, typed: Map<string, SettingValue>): void {
  for (const option of program.commands.flatMap(({ options }) => options)) {
    if (command.options.some(({ long }) => long === option.long)) continue;
    // A copy, for the help of the other commands has to go on showing it.
    const copy = Object.assign(new Option(option.flags, option.description), option).hideHelp();
    // A letter can mean one thing to one command and another to the next; here it is that of the first.
    if (command.options.some(({ short }) => short === option.short)) delete copy.short;
    command.addOption(copy);
  }
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (text: string) => {
      const name = settingName(option);
      const before = typed.get(name);
      if (isSwitch(option)) typed.set(name, !option.negate);
      else typed.set(name, isRepeatable(option) ? [...(typeof before === 'object' ? before : []), text] : text);
    });
  }
}

/** Every setting of `program` as it is in effect, in the order of the help. */
export function effectiveSettings(program: Command, { set }: Settings): EffectiveSetting[] {
  return settableOptions(program).map((option) => {
    const name = settingName(option);
    const { value, ...from } = set.get(name) ?? { value: defaultOf(option), source: 'default' as const };
    return { name, value: withoutPassword(name, value), ...from };
  });
}

/** No password is shown, though it was typed: this goes to logs and screens of others. */
function withoutPassword(name: string, value: SettingValue | null): SettingValue | null {
  if (value === null || typeof value === 'boolean') return value;
  // What is meant as a proxy is hidden up to its last @, be it a URL or not.
  const secret = name === 'proxy' ? /^([a-z][a-z0-9+.-]*:\/\/)?.*@/is : /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;
  const hide = (text: string): string => text.replace(secret, '$1***@');
  return typeof value === 'string' ? hide(value) : value.map(hide);
}

/** The default as the help tells it. */
function defaultOf(option: Option): SettingValue | null {
  if (isSwitch(option)) return option.negate;
  if (typeof option.defaultValue === 'string') return option.defaultValue;
  const { description } = option;
  return (/\(default: "?([^")]+)"?\)/.exec(description) ?? /(\S+) = [^;,(]+ \(default\)/.exec(description))?.[1] ?? null;
}
