#!/usr/bin/env node
// The executable. It loads as little as it can: what a command needs is loaded by that command.

import { descriptorCode, descriptorTrouble } from './descriptor-limit.ts';
import { endProcess, exitNow, openEnvironment } from './env.ts';
import { exitCodeOf } from './exit-codes.ts';

const env = openEnvironment(crash);

if (env.args.length === 1 && (env.args[0] === '--version' || env.args[0] === '-V')) {
  // The same answer as commander's, without the 12 ms that loading it takes: scripts ask for the version before every run.
  await env.stdout.write(`${env.version}\n`).then(
    () => endProcess(0),
    (error: { exitCode: number }) => endProcess(error.exitCode),
  );
} else {
  const { run } = await import('./run.ts');
  endProcess(await run(env));
}

/** The last resort for what nobody caught: one line, the stack when asked for, and out. Saved state is consistent at any instant. */
function crash(error: unknown): never {
  const trouble = descriptorTrouble(error);
  if (trouble !== undefined) sayAndExit(exitCodeOf[descriptorCode], trouble, trouble);
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && env.args.some((arg) => arg === '-v' || arg === '--verbose') ? `\n${error.stack}` : '';
  sayAndExit(exitCodeOf.internal, `internal error, please report it: ${message}${stack}`, message);
}

/** What cannot be vouched for is reduced to plain characters: the library that knows better may be what crashed. */
function sayAndExit(exitCode: number, text: string, reason: string): never {
  env.stderr.write(`ttorrent: ${text.replace(/[^\n\x20-\x7e]/g, '?')}\n`);
  exitNow(exitCode, reason);
}
