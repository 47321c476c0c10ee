// The options that say whether to seed, and for how long.

import type { Command, Option } from 'commander';

import type { DownloadOptions } from '../index.ts';
import { outputDirOf, quantity } from './command-options.ts';
import { parseCount, parseDuration, parseRatio, UnitError } from './units.ts';

/** Seeding as it is asked for. */
export interface SeedRequest {
  /** When it is enough. */
  readonly goal: Pick<NonNullable<DownloadOptions['seed']>, 'ratio' | 'durationMs'>;
  /** It is enough, too, when this process has ended. */
  readonly untilExitOf?: number;
}

/** What commander gives of these options. */
export interface TypedSeedOptions {
  output?: string;
  dir?: string;
  dryRun?: true;
  /** Milliseconds; true without a duration, false when a setting says so. */
  seed?: number | boolean;
  seedRatio?: number;
  seedTime?: number;
  seedUntilExitOf?: number;
}

/** `--seed[=DURATION]`. */
export function seedOption(): Option {
  const description = 'when all is complete, give it to others until stopped; --seed=1h for so long';
  const parse = (text: string): number | true => (text === 'true' ? true : parseGoalTime(text));
  return quantity('--seed [DURATION]', description, parse).conflicts('seedTime');
}

/** The conditions, in the order of the help. */
export function seedGoalOptions(): Option[] {
  return [
    quantity('--seed-ratio <RATIO>', 'seed until so many times the size was sent: 1.5', parseRatio),
    quantity('--seed-time <DURATION>', 'seed for so long', parseGoalTime),
    quantity('--seed-until-exit-of <PID>', 'seed until this process has ended', (text) => parseCount(text, 1, 0x7fff_ffff)),
  ];
}

/** The seeding that the conditions ask for. */
export function seedRequest(typed: TypedSeedOptions): SeedRequest {
  const durationMs = typeof typed.seed === 'number' ? typed.seed : typed.seedTime;
  const { seedRatio: ratio, seedUntilExitOf: untilExitOf } = typed;
  return {
    goal: { ...(ratio !== undefined && { ratio }), ...(durationMs !== undefined && { durationMs }) },
    ...(untilExitOf !== undefined && { untilExitOf }),
  };
}

/** The seeding that is to follow a download, when any of the options asks for it. `command` refuses it where nothing stays to be seeded. */
export function seedAfter(typed: TypedSeedOptions & { readonly peers?: boolean }, command: Command): { seed?: SeedRequest } {
  const given = (['seed', 'seedRatio', 'seedTime', 'seedUntilExitOf'] as const).find((name) => (typed[name] ?? false) !== false);
  if (given === undefined) return {};
  const flags = command.options.find((option) => option.attributeName() === given)?.flags;
  if (outputDirOf(typed) === '-') command.error(`error: option '${flags}' cannot be used with '-o -'`);
  if (typed.peers === false) command.error(`error: option '${flags}' cannot be used with '--no-peers'`);
  if (typed.dryRun === true) command.error(`error: option '${flags}' cannot be used with '--dry-run'`);
  return { seed: seedRequest(typed) };
}

/** 0 could be taken for no seeding as for no end of it. */
function parseGoalTime(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new UnitError('Expected a duration above zero.');
  return ms;
}
