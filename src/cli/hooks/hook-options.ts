// The options of the hooks, and the commands that they ask for.

import { type Command, Option } from 'commander';

import { quantity } from '../command-options.ts';
import { parseDuration } from '../units.ts';
import { shellWords, WordsError } from './shell-words.ts';

/** When a hook runs: after a success, after a failure, before a file gets its final name. */
export type HookName = 'on-done' | 'on-fail' | 'gate';

/** A command to be run. */
export interface HookCommand {
  readonly name: HookName;
  /** The program and its arguments; or one text for the system's shell. */
  readonly words: readonly string[] | string;
}

/** The hooks of one run. */
export interface Hooks {
  readonly onDone: HookCommand | undefined;
  readonly onFail: HookCommand | undefined;
  readonly gate: HookCommand | undefined;
  /** After so long a hook is killed; 0 = never. */
  readonly timeoutMs: number;
}

/** Long enough to scan or copy an image, short enough that a job which hangs ends the same day. */
const defaultTimeoutMs = 600_000;

/** The options, in the order of the help. */
export function hookOptions(): Option[] {
  return [
    new Option('--on-done <CMD>', 'run CMD when all is complete; exit code 44 when it fails'),
    new Option('--on-fail <CMD>', 'run CMD when it ends with an exit code other than 0'),
    new Option('--gate <CMD>', 'run CMD on each complete file before it gets its final name; when CMD fails, it does not: exit code 44'),
    new Option('--hook-shell', 'have a shell run these commands'),
    quantity('--hook-timeout <DURATION>', 'kill a command that runs longer; 0 = never (default: 10m)', parseDuration),
  ];
}

/** What commander makes of the options. */
export interface TypedHookOptions {
  onDone?: string;
  onFail?: string;
  gate?: string;
  hookShell?: true;
  hookTimeout?: number;
}

/** The hooks that were asked for; undefined when there is none. A command that cannot be split ends `command` as any bad option does. */
export function hooksOf(typed: TypedHookOptions, command: Command): Hooks | undefined {
  const read = (name: HookName, text: string | undefined): HookCommand | undefined => {
    if (text === undefined) return undefined;
    try {
      if (typed.hookShell !== true) return { name, words: shellWords(text) };
      if (text.trim() === '') throw new WordsError('Expected a command.');
      return { name, words: text };
    } catch (error) {
      if (error instanceof WordsError) command.error(`error: option '--${name} <CMD>' argument '${text}' is invalid. ${error.message}`);
      throw error;
    }
  };
  const hooks = {
    onDone: read('on-done', typed.onDone),
    onFail: read('on-fail', typed.onFail),
    gate: read('gate', typed.gate),
    timeoutMs: typed.hookTimeout ?? defaultTimeoutMs,
  };
  return hooks.onDone === undefined && hooks.onFail === undefined && hooks.gate === undefined ? undefined : hooks;
}
