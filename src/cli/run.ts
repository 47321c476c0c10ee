// One run of the program: reads the command line, loads the command that it names, and turns what comes of it into an exit code.

import { type CommandLine, parseCommandLine } from './command-line.ts';
import type { Environment } from './env.ts';
import { readConfigFile } from './settings/config-file.ts';
import type { SpeechOptions } from './speech-options.ts';
import { UsageError } from './usage-error.ts';

/** Does what the command line says and returns the exit code. Never rejects. */
export async function run(env: Environment): Promise<number> {
  let speech = { color: true, verbose: false };
  try {
    const warnings: string[] = [];
    const command = parseCommandLine(env.args, env.version, {
      variables: env.variables,
      readFile: () => readConfigFile(env.variables),
      warn: (message) => warnings.push(message),
    });
    if (command.kind !== 'print') {
      speech = command;
      if (warnings.length > 0) await warn(warnings, command, env);
    }
    await perform(command, env);
    return 0;
  } catch (error) {
    const { reportFailure } = await import('./failure.ts');
    const exitCode = reportFailure(error, env, speech);
    if (error instanceof UsageError && asksForEvents(env.args)) await (await import('./run-records.ts')).refuse(env, error).catch(() => {});
    return exitCode;
  }
}

async function warn(warnings: readonly string[], speech: SpeechOptions, env: Environment): Promise<void> {
  const { Talk } = await import('./talk.ts');
  const talk = new Talk(speech, env);
  for (const warning of warnings) talk.warn(warning);
}

const isOutput = /^(-o|-d|--output|--dir)$/;

/** Whoever reads event lines waits for their end, also of a command line that cannot be read. With `-o -` stdout is for data. */
function asksForEvents(args: readonly string[]): boolean {
  return (
    (args.includes('get') || args.includes('seed')) &&
    args.includes('--json') &&
    !args.some((arg, i) => ['-S', '--show-files', '--dry-run', '-o-'].includes(arg) || (arg === '-' && isOutput.test(args[i - 1] ?? '')))
  );
}

/** Each command is loaded when it is used: most of the time that a short command takes is loading code. */
async function perform(command: CommandLine, env: Environment): Promise<void> {
  switch (command.kind) {
    case 'print':
      return env.stdout.write(command.text);
    case 'get':
      return (await import('./commands/get.ts')).get(command, env);
    case 'get-many':
      return (await import('./commands/get-many.ts')).getMany(command, env);
    case 'seed':
      return (await import('./commands/seed.ts')).seed(command, env);
    case 'info':
      return (await import('./commands/info.ts')).info(command, env);
    case 'verify':
      return (await import('./commands/verify.ts')).verify(command, env);
    case 'create':
      return (await import('./commands/create.ts')).create(command, env);
    case 'edit':
      return (await import('./commands/edit.ts')).edit(command, env);
    case 'scrape':
      return (await import('./commands/scrape.ts')).scrape(command, env);
    case 'peers':
      return (await import('./commands/peers.ts')).peers(command, env);
    case 'config':
      return (await import('./commands/config.ts')).config(command, env);
    case 'completion':
      return (await import('./commands/completion.ts')).completion(command, env);
  }
}
