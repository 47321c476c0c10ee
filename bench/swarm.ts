// Seeders, links and a tracker for one torrent, up and running.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Content, torrentOf } from './content.ts';
import type { Lab, Service } from './lab.ts';
import type { NetworkPlan } from './programs/network.ts';

/** The line between a seeder and us. */
export interface Line {
  readonly roundTripMs: number;
  readonly mbitPerSecond: number;
}

/** How many seeders there are, and what lies between them and us. */
export interface SwarmShape {
  /** Seeders that are reached directly; their addresses when it matters which. */
  readonly direct: number | readonly string[];
  /** Seeders behind a line of their own. */
  readonly lines: readonly Line[];
  /** Leechers that are named to each other. */
  readonly namesLeechers?: boolean;
  /** Default: an address of the network. A tracker elsewhere is not believed when it names peers on 127.0.0.0/8. */
  readonly trackerAddress?: string;
}

export interface Swarm {
  /** Names the swarm's tracker. */
  readonly torrentFile: string;
  /** The seeders themselves. */
  readonly seeders: readonly Endpoint[];
  /** How many connections came as far as a handshake. */
  connectionCount(): number;
  /** When a connection made its first request, for each that did, in ms of the monotonic clock. */
  firstRequestsMs(): number[];
  /** Bytes of blocks that the seeders have sent, when whoever asked is gone. Waits until they have noticed. */
  sentBytes(): Promise<number>;
  stop(): Promise<void>;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Addresses by use, so that none has two. */
const addresses = { tracker: 1, seeders: 2, links: 20, clients: 40 } as const;
const networkProgram = fileURLToPath(new URL('programs/network.js', import.meta.url));

/** Where the `index`-th client of a swarm lives, as far as it can be told. */
export function clientAddress(lab: Lab, index = 0): string {
  return lab.address(addresses.clients + index);
}

/** Starts it all. */
export async function startSwarm(lab: Lab, content: Content, shape: SwarmShape): Promise<Swarm> {
  const direct = typeof shape.direct === 'number' ? count(shape.direct + shape.lines.length, lab, addresses.seeders) : shape.direct;
  const command = [lab.yardstick('seeder'), content.infohash, content.dataFile, String(content.pieceLength), ...direct];
  const seeding = await lab.serve(command);
  const seeders = seeding.lines.flatMap((line) => {
    const [word, host = '', port] = line.split(' ');
    return word === 'listening' ? [{ host, port: Number(port) }] : [];
  });
  const behindLines = seeders.slice(seeders.length - shape.lines.length);
  const plan: NetworkPlan = {
    trackerAddress: shape.trackerAddress ?? lab.address(addresses.tracker),
    peers: seeders.slice(0, seeders.length - shape.lines.length),
    links: shape.lines.map((line, i) => ({
      address: lab.address(addresses.links + i),
      to: behindLines[i] as Endpoint,
      roundTripMs: line.roundTripMs,
      bytesPerSecond: line.mbitPerSecond * 125_000,
    })),
    namesLeechers: shape.namesLeechers === true,
  };
  const network = await lab.serve([process.execPath, networkProgram, JSON.stringify(plan)]);
  const torrentFile = path.join(lab.disk, `${content.infohash}.torrent`);
  const announceUrl = network.lines.find((line) => line.startsWith('tracker '))?.slice('tracker '.length) ?? '';
  writeFileSync(torrentFile, torrentOf(content, announceUrl));
  return {
    torrentFile,
    seeders,
    connectionCount: () => numbersAfter('shaken ', seeding).length,
    firstRequestsMs: () => numbersAfter('request ', seeding),
    sentBytes: () => sentBytes(seeding),
    stop: async () => {
      await network.stop();
      await seeding.stop();
    },
  };
}

function count(n: number, lab: Lab, first: number): string[] {
  return Array.from({ length: n }, (_, i) => lab.address(first + i));
}

/** A line of the shaped network passes on that its client is gone within its round trip. */
const noticedWithinMs = 5_000;

async function sentBytes(seeding: Service): Promise<number> {
  const isOpen = (): boolean => numbersAfter('sent ', seeding).length < numbersAfter('shaken ', seeding).length;
  for (let waitedMs = 0; isOpen() && waitedMs < noticedWithinMs; waitedMs += 10) await sleep(10);
  return numbersAfter('sent ', seeding).reduce((sum, bytes) => sum + bytes, 0);
}

function numbersAfter(word: string, service: Service): number[] {
  return service.lines.flatMap((line) => (line.startsWith(word) ? [Number(line.slice(word.length))] : []));
}
