// When hooks run, and what follows from their failures.

import { type Approve, InputError, StorageError } from '../../index.ts';
import { type Environment, Interruption } from '../env.ts';
import { endOf } from '../failure.ts';
import type { Talk } from '../talk.ts';
import { hookObject, type RunEnd, type RunFacts } from './hook-facts.ts';
import type { HookCommand, Hooks } from './hook-options.ts';
import { type HookCall, runHook } from './hook-process.ts';
import { hookVariables } from './hook-variables.ts';

/** What a hook may take after a signal. With the clean stop before it and the grace of a kill it stays below 10 s. */
const afterSignalMs = 2_500;

/**
 * Does `work`, which calls `done` when all is complete: that runs `--on-done`, and rejects with InputError `hook-failed` when it fails. When
 * `work` throws, `--on-fail` runs: it is told of every exit code but 0. What becomes of `--on-fail` itself is told and changes nothing.
 */
export async function withHooks<T>(
  hooks: Hooks,
  env: Environment,
  facts: RunFacts,
  talk: Talk,
  work: (done: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const done = async (): Promise<void> => {
    if (hooks.onDone === undefined) return;
    const failure = await runHook(hooks.onDone, callOf(hooks, env, facts, hooks.onDone, { exitCode: 0, reason: 'complete and verified' }));
    env.interrupted.throwIfAborted();
    if (failure !== undefined) throw new InputError('hook-failed', `the download is complete, but the --on-done command ${failure}`);
  };
  try {
    return await work(done);
  } catch (error) {
    if (hooks.onFail !== undefined) await runOnFail(hooks.onFail, hooks, env, facts, talk, error);
    throw error;
  }
}

/** The gate as the library asks for it: one command at a time, in the order asked. */
export function gateOf(hooks: Hooks, env: Environment, facts: RunFacts): Approve | undefined {
  const { gate } = hooks;
  if (gate === undefined) return undefined;
  let before: Promise<unknown> = Promise.resolve();
  const judge: Approve = async (file, signal) => {
    const object = hookObject(gate.name, facts, env.nowMs(), undefined, file);
    const failure = await runHook(gate, { ...toldOf(object, env), timeoutMs: hooks.timeoutMs, signal });
    if (failure !== undefined)
      throw new StorageError('hook-failed', `${file.partPath} keeps its temporary name: the --gate command ${failure}`);
  };
  return (file, signal) => {
    const asked = before.then(() => judge(file, signal));
    before = asked.catch(() => undefined);
    return asked;
  };
}

async function runOnFail(command: HookCommand, hooks: Hooks, env: Environment, facts: RunFacts, talk: Talk, error: unknown): Promise<void> {
  const isStopping = error instanceof Interruption;
  const call = callOf(hooks, env, facts, command, endOf(error));
  if (isStopping) env.postponeExit();
  const timeoutMs = isStopping ? Math.min(hooks.timeoutMs || afterSignalMs, afterSignalMs) : hooks.timeoutMs;
  const failure = await runHook(command, { ...call, timeoutMs, signal: isStopping ? undefined : env.interrupted });
  if (failure !== undefined) talk.warn(`the --on-fail command ${failure}`);
}

function callOf(hooks: Hooks, env: Environment, facts: RunFacts, command: HookCommand, end: RunEnd): HookCall {
  const object = hookObject(command.name, facts, env.nowMs(), end, undefined);
  return { ...toldOf(object, env), timeoutMs: hooks.timeoutMs, signal: env.interrupted };
}

function toldOf(object: ReturnType<typeof hookObject>, env: Environment): Pick<HookCall, 'variables' | 'stdin'> {
  return { variables: hookVariables(object, env.variables), stdin: `${JSON.stringify(object)}\n` };
}
