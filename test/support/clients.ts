// The real clients, from Debian's packages, as seeders in a private network: aria2, libtorrent and transmission-daemon. Each seeds many
// torrents at once, lives a bounded time, finds peers only by being connected to, and is gone when it is stopped.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrivateNetwork } from './private-network.ts';

/** What a client is to seed. */
export interface Seeding {
  readonly network: PrivateNetwork;
  /** The torrents' files lie below it, complete, pad files included. */
  readonly contentDirectory: string;
  readonly torrents: readonly { readonly file: string; readonly infohash: string }[];
  /** An empty directory for what the client writes beside the content. */
  readonly stateDirectory: string;
  /** Plain connections are refused, and after the handshake only this is spoken. Default: any connection is taken. */
  readonly encryption?: 'rc4' | 'plaintext';
}

/** A client that seeds until it is stopped. */
export interface SeedingClient {
  readonly name: ClientName;
  /** Where it listens, on every address of the private network. */
  readonly port: number;
  stop(): Promise<void>;
}

export type ClientName = 'aria2' | 'libtorrent' | 'transmission';

interface Client {
  /** Must end with 0 when the client is installed. */
  readonly probe: readonly string[];
  readonly port: number;
  /** Writes what the client reads at its start; returns its command. */
  readonly command: (seeding: Seeding) => readonly string[];
}

/** Debian's libtorrent belongs to Debian's Python, whatever `python3` may be on the PATH. */
const python = '/usr/bin/python3';
const libtorrentTool = path.resolve('test/support/libtorrent-tool.py');
const waitForSeeds = fileURLToPath(new URL('wait-for-seeds.js', import.meta.url));
const longestLifeSeconds = 380;

const clients: Readonly<Record<ClientName, Client>> = {
  aria2: {
    probe: ['aria2c', '--version'],
    port: 6882,
    command: ({ contentDirectory, torrents, encryption }) => [
      'aria2c',
      '--no-conf',
      `--dir=${contentDirectory}`,
      '--listen-port=6882',
      '--enable-dht=false',
      '--enable-dht6=false',
      '--bt-enable-lpd=false',
      '--enable-peer-exchange=false',
      '--seed-ratio=0',
      '--bt-seed-unverified=true',
      '--allow-overwrite=true',
      '--file-allocation=none',
      '--max-concurrent-downloads=1000',
      '--quiet=true',
      ...(encryption === undefined ? [] : ['--bt-require-crypto=true', `--bt-min-crypto-level=${encryption === 'rc4' ? 'arc4' : 'plain'}`]),
      ...torrents.map(({ file }) => file),
    ],
  },
  libtorrent: {
    probe: [python, '-c', 'import libtorrent'],
    port: 6883,
    command: ({ contentDirectory, torrents, encryption = 'any' }) => [
      python,
      libtorrentTool,
      'seed',
      '6883',
      encryption,
      contentDirectory,
      ...torrents.map(({ file }) => file),
    ],
  },
  transmission: {
    probe: ['transmission-daemon', '--version'],
    port: 6884,
    command: transmissionCommand,
  },
};

/** It takes torrents from a directory that it watches, and renames them there. */
function transmissionCommand({ contentDirectory, torrents, stateDirectory, encryption }: Seeding): readonly string[] {
  const watched = path.join(stateDirectory, 'watched');
  mkdirSync(watched);
  for (const { file } of torrents) copyFileSync(file, path.join(watched, path.basename(file)));
  const settings = {
    'peer-port': 6884,
    'download-dir': contentDirectory,
    'watch-dir': watched,
    'watch-dir-enabled': true,
    'rpc-enabled': false,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    'upload-slots-per-torrent': 100,
    'queue-stalled-enabled': false,
    encryption: encryption === undefined ? 0 : 2,
  };
  writeFileSync(path.join(stateDirectory, 'settings.json'), JSON.stringify(settings));
  return ['transmission-daemon', '--foreground', '--config-dir', stateDirectory];
}

/** One line that says what is missing to run `name`; undefined when nothing is. */
export function missingClient(name: ClientName): string | undefined {
  return isInstalled(clients[name].probe) ? undefined : `${name} is not installed`;
}

/** Whether a missing client or namespace is a failure and not a reason to skip: so in CI, where all was installed. */
export const clientsAreRequired = process.env['TTORRENT_REQUIRE_CLIENTS'] === '1';

/** Starts `name` and waits until it seeds every torrent; where it refuses plain connections, until it listens. */
export async function startClient(name: ClientName, seeding: Seeding): Promise<SeedingClient> {
  const { port, command } = clients[name];
  const log: Buffer[] = [];
  const child = spawnInside(seeding.network, ['timeout', '--kill-after=5', String(longestLifeSeconds), ...command(seeding)]);
  child.stdout?.on('data', (chunk: Buffer) => log.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => log.push(chunk));
  const closed = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM'); // `timeout` passes it on, and kills a client that does not obey
    await closed;
  };
  const wanted = seeding.torrents.map(
    ({ infohash }, i) => `${PrivateNetwork.address(i + 1)}:${port}/${seeding.encryption === undefined ? infohash : ''}`,
  );
  const waiting = spawnInside(seeding.network, [process.execPath, waitForSeeds, ...wanted]);
  waiting.stderr?.on('data', (chunk: Buffer) => log.push(chunk));
  const [exitCode] = (await once(waiting, 'close')) as [number | null];
  if (exitCode === 0) return { name, port, stop };
  await stop();
  throw new Error(`${name} does not seed: ${Buffer.concat(log).toString('utf8')}`);
}

/** The tools that make torrents of existing content, in the torrent file `torrent`. */
export type Creator = 'mktorrent' | 'transmission-create' | 'libtorrent-v1' | 'libtorrent-v1-padded' | 'libtorrent-hybrid';

/** Makes a torrent of `contentPath` with the tool. `pieceLength` is a power of two, at least 32 KiB. Throws with the tool's words. */
export function createTorrent(creator: Creator, pieceLength: number, contentPath: string, torrent: string): void {
  const commands: Record<Creator, readonly string[]> = {
    mktorrent: ['mktorrent', '-l', String(Math.log2(pieceLength)), '-o', torrent, contentPath],
    'transmission-create': ['transmission-create', '-s', String(pieceLength / 1024), '-o', torrent, contentPath],
    'libtorrent-v1': [python, libtorrentTool, 'create', 'v1', String(pieceLength), contentPath, torrent],
    'libtorrent-v1-padded': [python, libtorrentTool, 'create', 'v1-padded', String(pieceLength), contentPath, torrent],
    'libtorrent-hybrid': [python, libtorrentTool, 'create', 'hybrid', String(pieceLength), contentPath, torrent],
  };
  const [program = '', ...args] = commands[creator];
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined || !existsSync(torrent)) throw new Error(`${creator}: ${error?.message ?? stdout + stderr}`);
}

/** Whether the tool of `creator` is there. */
export function hasCreator(creator: Creator): boolean {
  return isInstalled(creator === 'mktorrent' || creator === 'transmission-create' ? [creator, '--help'] : clients.libtorrent.probe);
}

function isInstalled([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function spawnInside(network: PrivateNetwork, command: readonly string[]): ChildProcess {
  const [program = '', ...args] = [...network.wrapper, ...command];
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
