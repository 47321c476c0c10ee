// One run of the program: reads the command line, loads the command that it names, and turns what comes of it into an exit code.

import { type CommandLine, parseCommandLine } from './command-line.ts';
import type { Environment } from './env.ts';

/** Does what the command line says and returns the exit code. Never rejects. */
export async function run(env: Environment): Promise<number> {
  let speech = { color: true, verbose: false };
  try {
    const command = parseCommandLine(env.args, env.version);
    if (command.kind !== 'print') speech = command;
    await perform(command, env);
    return 0;
  } catch (error) {
    const { reportFailure } = await import('./failure.ts');
    return reportFailure(error, env, speech);
  }
}

/** Each command is loaded when it is used: most of the time that a short command takes is loading code. */
async function perform(command: CommandLine, env: Environment): Promise<void> {
  switch (command.kind) {
    case 'print':
      return env.stdout.write(command.text);
    case 'get':
      return (await import('./commands/get.ts')).get(command, env);
    case 'info':
      return (await import('./commands/info.ts')).info(command, env);
    case 'verify':
      return (await import('./commands/verify.ts')).verify(command, env);
  }
}
