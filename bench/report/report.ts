// What a whole run of the benchmark says, with what somebody needs to know to judge it.

import os from 'node:os';
import type { Bench } from '../profile.ts';
import type { Result } from '../result.ts';

/** What `--json` prints. */
export interface Report extends Environment {
  readonly results: Result[];
}

interface Environment {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  /** The arguments of a run like this one. */
  readonly repeat: string;
  /** By program; a missing one says so. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Where, when and with what it runs. */
export function environmentOf({ options, clients }: Bench): Environment {
  const cpus = os.cpus();
  const found = clients.map(({ client, version, missing }) => [client.name, version ?? `missing: ${missing}`] as const);
  return {
    date: new Date().toISOString(),
    machine: `${cpus[0]?.model.trim() ?? 'unknown CPU'}, ${cpus.length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}`,
    rounds: options.rounds,
    repeat: options.repeat,
    versions: { node: process.versions.node, ...Object.fromEntries(found) },
  };
}
