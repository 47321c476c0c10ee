// Tells a person why a run failed, in one line on stderr, and says which exit code that is.

import { TtorrentError } from '../index.ts';
import { type Environment, Interruption, OutputError } from './env.ts';
import { brokenPipeExitCode, exitCodeOf } from './exit-codes.ts';
import { paintFor } from './paint.ts';
import { safeLine } from './safe-line.ts';
import { UsageError } from './usage-error.ts';

/** Prints what `error` has to say and returns its exit code. With `verbose` the causes, and the stack of an internal error, follow. */
export function reportFailure(error: unknown, env: Environment, speech: { readonly color: boolean; readonly verbose: boolean }): number {
  const exitCode = exitCodeFor(error);
  // Nobody reads us any more: like every tool in a pipeline, end without a word.
  if (exitCode === brokenPipeExitCode) return exitCode;
  const paint = paintFor(env.stderr, env, speech);
  env.stderr.write(`${paint.red('ttorrent:')} ${safeLine(messageOf(error, exitCode))}\n`);
  if (error instanceof UsageError) env.stderr.write(`${safeLine(error.usage)}\n`);
  if (speech.verbose) env.stderr.write(details(error, exitCode === exitCodeOf.internal));
  return exitCode;
}

/** The exit code of whatever was thrown. What we did not throw on purpose is our mistake. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError) return exitCodeOf['bad-argument'];
  if (error instanceof Interruption || error instanceof OutputError) return error.exitCode;
  if (error instanceof TtorrentError) return exitCodeOf[error.code];
  return exitCodeOf.internal;
}

function messageOf(error: unknown, exitCode: number): string {
  const message = error instanceof Error ? error.message : String(error);
  return exitCode === exitCodeOf.internal ? `internal error, please report it (--verbose shows where): ${message}` : message;
}

/** The chain of causes, a line each; with stacks for an internal error. */
function details(error: unknown, withStack: boolean): string {
  let text = '';
  let cause = error;
  // A chain longer than this, or one that bites its tail, tells nothing more.
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++) {
    if (depth > 0) text += `  because: ${safeLine(cause.message)}\n`;
    if (withStack) text += `${stackLines(cause).join('\n')}\n`;
    cause = cause.cause;
  }
  return text;
}

function stackLines(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines.map((line) => safeLine(line));
}
