// What is said of a command line that makes no sense: commander's complaint in our form, with the usage and, where it can be guessed, what was
// meant.

import type { Command, CommanderError } from 'commander';

import { redactUrl } from '../index.ts';
import { didYouMean } from './settings/did-you-mean.ts';
import { UsageError } from './usage-error.ts';

/** Turns commander's way out into ours; lets those pass that only want to end after printing help or the version. */
export function refuse(command: Command, error: CommanderError): never {
  if (error.exitCode === 0) throw error;
  // `commander.help`: no command was given and the help was meant for stderr. The message may hold a second line of suggestions.
  const message =
    error.code === 'commander.help'
      ? noCommand(command)
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ') + nearestChoice(error.message);
  // Not with commander's error as its cause, which repeats what was typed.
  throw new UsageError(message.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s']+/gi, redactUrl), usageOf(command));
}

/** `ttorrent` and `ttorrent help gett` look the same to commander. */
function noCommand({ args: [word, asked], commands }: Command): string {
  if (word !== 'help' || asked === undefined) return 'no command was given';
  const names = commands.map((command) => command.name());
  return `there is no help for '${asked}'${didYouMean(asked, names)}`;
}

/** Commander suggests commands and options, but no values: `--progress plian` means plain. */
function nearestChoice(message: string): string {
  const [, typed, choices] = /argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s.exec(message) ?? [];
  return typed === undefined || choices === undefined ? '' : didYouMean(typed, choices.split(', '));
}

/** The line that says how `command` is meant. */
export function usageOf(command: Command): string {
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  return `usage: ${name} ${command.usage()} (${name} --help tells more)`;
}
