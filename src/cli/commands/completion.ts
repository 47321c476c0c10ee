// `ttorrent completion`: prints a script that teaches a shell to complete our command line. The script is static: a TAB starts no Node.

import { type CompletionCommand, defineProgram } from '../command-line.ts';
import { bashCompletion } from '../completion/bash.ts';
import type { Shell } from '../completion/definition.ts';
import { fishCompletion } from '../completion/fish.ts';
import { powershellCompletion } from '../completion/powershell.ts';
import { zshCompletion } from '../completion/zsh.ts';
import type { Environment } from '../env.ts';
import { type ProgramShape, shapeOf } from '../program-shape.ts';

const writers: Readonly<Record<Shell, (program: ProgramShape) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

/** Prints the script to stdout. */
export function completion(command: CompletionCommand, env: Environment): Promise<void> {
  return env.stdout.write(writers[command.shell](shapeOf(defineProgram(env.version))));
}
