// What a profile of the benchmark is, and what it is given.

import { type Client, type ClientName, clientNames, clients } from './clients.ts';
import type { Lab } from './lab.ts';
import type { BenchOptions } from './options.ts';
import type { Result } from './result.ts';

/** One kind of work to measure. */
export interface Profile {
  readonly name: string;
  /** For a person who wonders what it shows. */
  readonly about: string;
  run(bench: Bench): Promise<Result[]>;
}

/** What a profile works with. */
export interface Bench {
  readonly lab: Lab;
  readonly options: BenchOptions;
  /** Every reference client that was asked for, installed or not, ttorrent first. */
  readonly clients: readonly BenchClient[];
}

/** A client with what was found of it. */
export interface BenchClient {
  readonly client: Client;
  readonly version: string | undefined;
  /** Why it cannot run. */
  readonly missing: string | undefined;
}

/** Looks for the clients. */
export function findClients(lab: Lab, wanted: readonly string[] = clientNames): BenchClient[] {
  const isWanted = (name: ClientName): boolean => name === 'ttorrent' || wanted.includes(name);
  return clientNames.filter(isWanted).map((name) => {
    const found = clients[name].find(lab);
    return 'missing' in found
      ? { client: clients[name], version: undefined, missing: found.missing }
      : { client: clients[name], version: found.version, missing: undefined };
  });
}
