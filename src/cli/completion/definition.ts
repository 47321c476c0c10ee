// How `ttorrent completion` is typed.

import { Argument, type Command } from 'commander';

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** A shell that we write a completion script for. */
export type Shell = (typeof shells)[number];

/** Examples for the help. */
export const completionExamples = [
  'ttorrent completion fish > ~/.config/fish/completions/ttorrent.fish',
  'ttorrent completion powershell | Out-String | Invoke-Expression # in $PROFILE',
  'source <(ttorrent completion bash)        # in ~/.bashrc',
  'source <(ttorrent completion zsh)         # in ~/.zshrc, after compinit',
];

/** Gives `command` its description and its argument, which is a Shell. */
export function defineCompletion(command: Command): Command {
  return command
    .summary('print a completion script for a shell')
    .description('Prints a script that completes commands, options and their values. The script starts no program.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells));
}
