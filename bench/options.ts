// What `npm run bench -- ...` was asked for.

import { parseArgs } from 'node:util';

/** See `usage`. */
export interface BenchOptions {
  readonly profiles: readonly string[];
  readonly rounds: number;
  /** The size of a profile's torrent, in MiB, where it is not to be the profile's own. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The arguments that lead to the same run, but for where its results go. */
  readonly repeat: string;
  /** Undefined: all. ttorrent is always among them, since everything is compared with it. */
  readonly clients: readonly string[] | undefined;
  readonly json: boolean;
  readonly writeDocs: boolean;
}

const usage = `npm run bench -- [PROFILE[=MIB]...] [--rounds N] [--mib N] [--clients NAME,NAME...] [--json] [--write-docs]

PROFILE       default: loopback. \`all\` runs every one: PROFILES
=MIB          size of its torrent, instead of the profile's own
--rounds      how often each client runs; medians are shown (default: 3)
--mib         the same for every profile
--clients     only these beside ttorrent: CLIENTS
--json        print one JSON object instead of tables
--write-docs  write the results to docs/performance.md and docs/performance.svg, too`;

/** Reads the arguments. Throws an Error with one line when they are wrong; returns the help when it was asked for. */
export function parseOptions(
  args: readonly string[],
  profileNames: readonly string[],
  clientNames: readonly string[],
): BenchOptions | string {
  const help = usage.replace('PROFILES', profileNames.join(', ')).replace('CLIENTS', clientNames.join(', '));
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      mib: { type: 'string' },
      clients: { type: 'string' },
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return help;
  const asked = (positionals.length === 0 ? ['loopback'] : positionals).map((text) => text.split('=', 2) as [string, string?]);
  const profiles = chosen(
    'profile',
    asked.map(([name]) => name),
    profileNames,
  );
  const sizes = new Map<string, number>();
  if (values.mib !== undefined) for (const name of profiles) sizes.set(name, positive('--mib', values.mib));
  for (const [name, mib] of asked) if (mib !== undefined) sizes.set(name, positive(name, mib));
  return {
    profiles,
    sizes,
    rounds: positive('--rounds', values.rounds),
    clients: values.clients === undefined ? undefined : chosen('client', values.clients.split(','), clientNames),
    json: values.json,
    writeDocs: values['write-docs'],
    repeat: args.filter((arg) => arg !== '--json' && arg !== '--write-docs').join(' '),
  };
}

function chosen(what: string, names: readonly string[], known: readonly string[]): readonly string[] {
  if (names.includes('all')) return known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no ${what} is named "${unknown}": expected ${known.join(', ')} or all`);
  return known.filter((name) => names.includes(name));
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option}: expected a whole number from 1 on, found "${text}"`);
  return value;
}
