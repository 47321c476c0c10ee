// What the command line consists of, as plain values: commands, options, arguments and what kind of value each takes. Completion scripts and
// the man page are made from it, so that neither can miss what the program has. Read from commander's own definitions.

import type { Argument, Command, Option } from 'commander';

import { isRepeatable } from './command-options.ts';

/** What a shell can propose for a value. `torrent` is a .torrent file; `text` is anything, so nothing is proposed. */
export type ValueKind = 'choice' | 'torrent' | 'directory' | 'file' | 'program' | 'text';

/** A value that an option or a command takes. */
export interface ValueShape {
  /** As in the help: `DIR`. */
  readonly name: string;
  readonly kind: ValueKind;
  /** Empty unless `kind` is `choice`. */
  readonly choices: readonly string[];
  /** Of an argument: any number of them. */
  readonly isList?: boolean;
}

/** One option. */
export interface OptionShape {
  /** With their dashes, the short one first: `-o`, `--output`. */
  readonly names: readonly string[];
  /** Undefined for a switch. */
  readonly value: ValueShape | undefined;
  /** The value may be left out. */
  readonly valueIsOptional: boolean;
  readonly repeatable: boolean;
  /** As in the help, with choices and default. */
  readonly description: string;
}

/** One command, or the program itself. */
export interface CommandShape {
  readonly name: string;
  /** A few words for a list. */
  readonly summary: string;
  readonly description: string;
  /** Behind the name: `[options] <file.torrent>`. */
  readonly usage: string;
  readonly options: readonly OptionShape[];
  readonly arguments: readonly ValueShape[];
}

/** The program: its own options, and its commands. */
export interface ProgramShape extends CommandShape {
  readonly commands: readonly CommandShape[];
}

/** The shape of `program`; what the help does not show is left out. */
export function shapeOf(program: Command): ProgramShape {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return { ...commandShape(program, names), commands: commands.map((command) => commandShape(command, names)) };
}

function commandShape(command: Command, commandNames: readonly string[]): CommandShape {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary: help.subcommandDescription(command),
    description: command.description(),
    usage: command.usage(),
    options: help.visibleOptions(command).map((option) => optionShape(option, help.optionDescription(option))),
    arguments: command.registeredArguments.map((argument) => argumentShape(argument, command, commandNames)),
  };
}

function optionShape(option: Option, description: string): OptionShape {
  const [, required, optional] = /(?:<(.+)>|\[(.+)\])$/.exec(option.flags) ?? [];
  const name = (required ?? optional)?.replace('...', '');
  return {
    names: [option.short, option.long].filter((flag) => flag !== undefined),
    value: name === undefined ? undefined : valueShape(name, option.argChoices),
    // Commander also calls a value optional whose name has a bracket, as in `<HEX[:PATH]>`.
    valueIsOptional: option.optional && !option.required,
    repeatable: isRepeatable(option),
    description,
  };
}

/** Commander's own command `help` names a command and says nothing of which there are. */
function argumentShape(argument: Argument, command: Command, commandNames: readonly string[]): ValueShape {
  const shape = valueShape(argument.name(), command.name() === 'help' ? commandNames : argument.argChoices);
  return argument.variadic ? { ...shape, isList: true } : shape;
}

/** The kind is in the name that the help shows: `DIR`, `FILE|URL`, `file.torrent`. */
function valueShape(name: string, choices: readonly string[] = []): ValueShape {
  const kinds: readonly [RegExp, ValueKind][] = [
    [/torrent/i, 'torrent'],
    [/\bDIR\b/, 'directory'],
    [/\bFILE\b|^PATH$/, 'file'],
    [/\b(CMD|COMMAND|PROGRAM)\b/, 'program'],
  ];
  const kind = choices.length > 0 ? 'choice' : (kinds.find(([pattern]) => pattern.test(name))?.[1] ?? 'text');
  return { name, kind, choices };
}
