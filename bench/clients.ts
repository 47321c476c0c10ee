// The programs that are compared: ttorrent, the clients that its users would otherwise pick, and what they are called with. Each is left as
// its users find it, but for what would make it talk to others than the swarm at hand: DHT, local discovery, peer exchange, uTP, port mapping.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../src/config.ts';
import type { Lab, Task } from './lab.ts';

/** What a client has to work with. All directories exist. */
export interface Job {
  readonly torrentFile: string;
  readonly outputDir: string;
  /** For what the client keeps about itself; empty. */
  readonly stateDir: string;
  /** Where the client listens and connects from, if it can be told: the network has a hundred addresses, and libtorrent would use them all. */
  readonly address: string;
}

/** A torrent to make. */
export interface MakingJob {
  readonly contentFile: string;
  readonly pieceLength: number;
  readonly torrentFile: string;
}

export interface Client {
  readonly name: ClientName;
  /** Its version, or why it cannot be used here. */
  find(lab: Lab): Found;
  /** Downloads into `outputDir` and ends. */
  download(job: Job): Task;
  /** Hashes what is in `outputDir` and ends with 0 when it is complete; a string says why it cannot. */
  verify(job: Job): Task | string;
  /** Makes a torrent; a string says why it cannot. */
  create(job: MakingJob): Task | string;
  /** Takes part in a swarm until the download is done, and goes on uploading; `doneFile` appears when it is done. */
  takePart(job: Job, doneFile: string): Task | string;
}

export type Found = { readonly version: string } | { readonly missing: string };

/** The order in which they run and are shown. */
export const clientNames = ['ttorrent', 'libtorrent', 'aria2', 'webtorrent', 'transmission'] as const;
export type ClientName = (typeof clientNames)[number];

/** The command line as it is published. */
export const ttorrentProgram = fileURLToPath(new URL('../bundle/ttorrent.js', import.meta.url));

/** Debian's libtorrent belongs to Debian's Python, whatever `python3` may be on the PATH. */
const python = '/usr/bin/python3';
const libtorrentProgram = path.resolve('bench/programs/libtorrent-client.py');
const webtorrentProgram = fileURLToPath(new URL('programs/webtorrent.js', import.meta.url));
const sharesAddress = 'not measured: its leechers cannot be given an address each';

export const clients: Readonly<Record<ClientName, Client>> = {
  ttorrent: {
    name: 'ttorrent',
    find: () => ({ version }),
    download: ({ torrentFile, outputDir }) => ttorrent('get', torrentFile, '-o', outputDir, '--quiet'),
    verify: ({ torrentFile, outputDir }) => ttorrent('verify', torrentFile, '-o', outputDir, '--quiet'),
    create: ({ contentFile, pieceLength, torrentFile }) =>
      knows([], /^ {2}create\b/m)
        ? ttorrent('create', contentFile, '--piece-length', String(pieceLength), '-o', torrentFile, '--quiet')
        : 'not available yet: ttorrent does not make torrents',
    takePart: ({ torrentFile, outputDir }) =>
      knows(['get'], /--seed\b/)
        ? ttorrent('get', torrentFile, '-o', outputDir, '--quiet', '--seed')
        : 'not available yet: ttorrent does not upload',
  },
  libtorrent: {
    name: 'libtorrent',
    find: () => probe([python, '-c', 'import libtorrent; print(libtorrent.version)'], /([\d.]+)/),
    download: ({ torrentFile, outputDir, address }) => ({ argv: [python, libtorrentProgram, 'get', torrentFile, outputDir, address] }),
    verify: ({ torrentFile, outputDir, address }) => ({ argv: [python, libtorrentProgram, 'check', torrentFile, outputDir, address] }),
    create: ({ contentFile, pieceLength, torrentFile }) => ({
      argv: [python, libtorrentProgram, 'create', String(pieceLength), contentFile, torrentFile],
    }),
    takePart: ({ torrentFile, outputDir, address }, doneFile) => ({
      argv: [python, libtorrentProgram, 'get', torrentFile, outputDir, address],
      env: { SEED_UNTIL: doneFile },
    }),
  },
  aria2: {
    name: 'aria2',
    find: () => probe(['aria2c', '--version'], /version ([\d.]+)/),
    download: ({ torrentFile, outputDir }) => aria2('--seed-time=0', `--dir=${outputDir}`, torrentFile),
    verify: ({ torrentFile, outputDir }) =>
      aria2('--check-integrity=true', '--hash-check-only=true', '--seed-time=0', `--dir=${outputDir}`, torrentFile),
    create: () => 'makes no torrents',
    takePart: ({ torrentFile, outputDir, stateDir, address }, doneFile) => {
      const hook = writeHook(stateDir, doneFile);
      return aria2(`--interface=${address}`, '--seed-ratio=0', `--on-bt-download-complete=${hook}`, `--dir=${outputDir}`, torrentFile);
    },
  },
  webtorrent: {
    name: 'webtorrent',
    find: findWebtorrent,
    download: webtorrent,
    verify: webtorrent,
    create: () => 'not measured: it makes torrents only through a library of its own',
    takePart: () => sharesAddress,
  },
  transmission: {
    name: 'transmission',
    find: (lab) =>
      lab.noNamespace === undefined
        ? probe(['transmission-cli', '--version'], /([\d.]+)/)
        : { missing: `it talks to no peer on 127.0.0.0/8, and ${lab.noNamespace}` },
    download: transmission,
    verify: () => 'not measured: it has no command that checks and ends',
    create: ({ contentFile, pieceLength, torrentFile }) => ({
      argv: ['transmission-create', '-s', String(pieceLength / 1024), '-o', torrentFile, contentFile],
    }),
    takePart: (job, doneFile) => {
      const { argv, env = {} } = transmission(job, doneFile);
      return { argv, env };
    },
  },
};

function ttorrent(...args: readonly string[]): Task {
  // The swarm has its addresses to itself, and the machine's network is not to hear of it.
  return { argv: ['env', 'TTORRENT_LSD=no', process.execPath, ttorrentProgram, ...args] };
}

/** Whether the help of a command of ttorrent matches. */
function knows(command: readonly string[], pattern: RegExp): boolean {
  return pattern.test(spawnSync(process.execPath, [ttorrentProgram, ...command, '--help'], { encoding: 'utf8' }).stdout);
}

function aria2(...args: readonly string[]): Task {
  const alone = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'];
  return { argv: ['aria2c', '--no-conf', '--quiet', ...alone, '--file-allocation=none', ...args] };
}

/** It is no command: wherever Node finds a package of that name from here, in NODE_PATH, or among the globally installed ones. */
function findWebtorrent(): Found {
  const module = webtorrentModule();
  if (module === undefined) return { missing: 'not installed (`npm install -g webtorrent`, or anywhere that NODE_PATH names)' };
  return { version: /webtorrent@([\d.]+)/.exec(module)?.[1] ?? versionBeside(module) };
}

function webtorrentModule(): string | undefined {
  const globalPackages = path.join(path.dirname(path.dirname(process.execPath)), 'lib', 'node_modules', 'nowhere.js');
  for (const from of [import.meta.url, globalPackages]) {
    try {
      return createRequire(from).resolve('webtorrent');
    } catch {
      // Looked for in the next place.
    }
  }
  return undefined;
}

function versionBeside(module: string): string {
  const { version: found } = createRequire(module)(path.join(path.dirname(module), 'package.json')) as { version: string };
  return found;
}

function webtorrent({ torrentFile, outputDir }: Job): Task {
  return { argv: [process.execPath, webtorrentProgram, webtorrentModule() ?? '', torrentFile, outputDir] };
}

/** It never ends by itself; its script tells that the download is complete. */
function transmission({ torrentFile, outputDir, stateDir, address }: Job, doneFile = path.join(stateDir, 'done')): Task {
  const settings = {
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    'peer-port-random-on-start': true,
    'bind-address-ipv4': address,
    encryption: 0,
    preallocation: 0,
  };
  writeFileSync(path.join(stateDir, 'settings.json'), JSON.stringify(settings));
  const hook = writeHook(stateDir, doneFile);
  const argv = [
    'transmission-cli',
    '--config-dir',
    stateDir,
    '--download-dir',
    outputDir,
    '--finish',
    hook,
    '--encryption-tolerated',
    torrentFile,
  ];
  return { argv, until: doneFile };
}

/** A script that makes `doneFile`. */
function writeHook(directory: string, doneFile: string): string {
  mkdirSync(directory, { recursive: true });
  const hook = path.join(directory, 'done.sh');
  writeFileSync(hook, `#!/bin/sh\n: >'${doneFile}'\n`);
  chmodSync(hook, 0o755);
  return hook;
}

function probe([program = '', ...args]: readonly string[], pattern: RegExp): Found {
  if (path.isAbsolute(program) && !existsSync(program)) return { missing: 'not installed' };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) return { missing: 'not installed' };
  return { version: pattern.exec(stdout + stderr)?.[1] ?? 'of unknown version' };
}
