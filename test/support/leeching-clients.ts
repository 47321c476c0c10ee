// The real clients, from Debian's packages, as leechers in a private network: each downloads many torrents at once from whoever connects to it
// (libtorrent connects itself), and lives a bounded time.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientName } from './clients.ts';
import type { PrivateNetwork } from './private-network.ts';

/** What a client is to download. */
export interface Leeching {
  readonly network: PrivateNetwork;
  readonly torrents: readonly { readonly file: string; readonly seedAddress: string }[];
  /** An empty directory for the files. */
  readonly outputDirectory: string;
  /** An empty directory for what the client writes beside them. */
  readonly stateDirectory: string;
  /** It talks to nobody who does not encrypt (MSE). */
  readonly encrypted: boolean;
}

interface LeechingClient {
  /** Where it waits for connections; libtorrent does not. */
  readonly port: number | undefined;
  readonly command: (leeching: Leeching) => readonly string[];
}

const longestLifeSeconds = 120;

export const leechers: Readonly<Record<ClientName, LeechingClient>> = {
  aria2: { port: 6892, command: aria2Command },
  libtorrent: {
    port: undefined,
    command: ({ torrents, outputDirectory, encrypted }) => [
      '/usr/bin/python3',
      path.resolve('test/support/libtorrent-tool.py'),
      'leech',
      outputDirectory,
      encrypted ? 'encrypted' : 'plain',
      ...torrents.flatMap(({ file, seedAddress }) => [file, seedAddress]),
    ],
  },
  transmission: { port: 6894, command: transmissionCommand },
};

function aria2Command({ torrents, outputDirectory, encrypted }: Leeching): readonly string[] {
  return [
    'aria2c',
    '--no-conf',
    `--dir=${outputDirectory}`,
    '--listen-port=6892',
    '--enable-dht=false',
    '--enable-dht6=false',
    '--bt-enable-lpd=false',
    '--enable-peer-exchange=false',
    '--seed-time=0',
    '--file-allocation=none',
    '--max-concurrent-downloads=1000',
    '--quiet=true',
    ...(encrypted ? ['--bt-require-crypto=true', '--bt-min-crypto-level=arc4'] : []),
    ...torrents.map(({ file }) => file),
  ];
}

function transmissionCommand({ torrents, outputDirectory, stateDirectory, encrypted }: Leeching): readonly string[] {
  // Where it keeps its torrents: they are there when it begins to listen.
  const kept = path.join(stateDirectory, 'torrents');
  mkdirSync(kept);
  for (const { file } of torrents) copyFileSync(file, path.join(kept, path.basename(file)));
  const settings = {
    'peer-port': 6894,
    'download-dir': outputDirectory,
    'rpc-enabled': false,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    'queue-stalled-enabled': false,
    'download-queue-enabled': false,
    encryption: encrypted ? 2 : 0,
  };
  writeFileSync(path.join(stateDirectory, 'settings.json'), JSON.stringify(settings));
  return ['transmission-daemon', '--foreground', '--config-dir', stateDirectory];
}

/** A client that downloads until it is stopped. */
export interface RunningLeecher {
  stop(): Promise<void>;
}

/** Starts `name`. */
export function startLeecher(name: ClientName, leeching: Leeching): RunningLeecher {
  const [program = '', ...args] = [
    ...leeching.network.wrapper,
    'timeout',
    '--kill-after=5',
    String(longestLifeSeconds),
    ...leechers[name].command(leeching),
  ];
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const closed = once(child, 'close');
  return {
    stop: async () => {
      child.kill('SIGTERM'); // `timeout` passes it on, and kills a client that does not obey
      await closed;
    },
  };
}

/** Waits until `faults` finds nothing wrong any more; returns what it found last. */
export async function waitUntilRight(faults: () => readonly string[], limitMs: number): Promise<readonly string[]> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const found = faults();
    if (found.length === 0 || performance.now() > untilMs) return found;
    await sleep(250);
  }
}
