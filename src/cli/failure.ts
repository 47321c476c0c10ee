// Tells a person why a run failed, in one line on stderr, and says which exit code that is.

import { TtorrentError } from '../index.ts';
import { descriptorCode, descriptorTrouble } from './descriptor-limit.ts';
import { type Environment, Interruption, OutputError } from './env.ts';
import { brokenPipeExitCode, exitCodeOf } from './exit-codes.ts';
import { paintFor } from './paint.ts';
import { safeLine } from './safe-line.ts';
import type { RunEnd } from './reporters/json-events.ts';
import { SeveralFailed } from './several-failed.ts';
import { type SpeechOptions, withSubject } from './speech-options.ts';
import { UsageError } from './usage-error.ts';

/** Prints what `error` has to say and returns its exit code. With `verbose` the causes, and the stack of an internal error, follow. */
export function reportFailure(error: unknown, env: Environment, speech: Pick<SpeechOptions, 'color' | 'verbose' | 'about'>): number {
  const { exitCode, reason } = endOf(error);
  // Nobody reads us any more: like every tool in a pipeline, end without a word.
  if (exitCode === brokenPipeExitCode) return exitCode;
  const isInternal = exitCode === exitCodeOf.internal;
  const paint = paintFor(env.stderr, env, speech);
  const text = isInternal ? `internal error, please report it (--verbose shows where): ${reason}` : reason;
  env.stderr.write(`${paint.red('ttorrent:')} ${safeLine(withSubject(text, speech.about))}\n`);
  if (error instanceof UsageError) env.stderr.write(`${safeLine(error.usage)}\n`);
  if (speech.verbose) env.stderr.write(details(error, isInternal));
  return exitCode;
}

/** What whatever was thrown makes of a run. */
export function endOf(error: unknown): RunEnd {
  const trouble = descriptorTrouble(error);
  if (trouble !== undefined) return { exitCode: exitCodeOf[descriptorCode], reason: trouble, code: descriptorCode };
  const reason = error instanceof Error ? error.message : String(error);
  return { exitCode: exitCodeOfError(error), reason, code: error instanceof TtorrentError ? error.code : undefined };
}

/** What we did not throw on purpose is our mistake. */
function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError) return exitCodeOf['bad-argument'];
  if (error instanceof Interruption || error instanceof OutputError || error instanceof SeveralFailed) return error.exitCode;
  if (error instanceof TtorrentError) return exitCodeOf[error.code];
  return exitCodeOf.internal;
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
