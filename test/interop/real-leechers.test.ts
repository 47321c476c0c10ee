// Gives to real clients: aria2, libtorrent and transmission-daemon each download every shape from `ttorrent seed`, plain and with encryption
// required on their side, alone and all at once.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type ClientName, clientsAreRequired, missingClient } from '../support/clients.ts';
import { treeFaults } from '../support/content-files.ts';
import { leechers, type RunningLeecher, startLeecher, waitUntilRight } from '../support/leeching-clients.ts';
import { PrivateNetwork } from '../support/private-network.ts';
import { type RunningCli, startCli } from '../support/run-cli.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../support/scratch.ts';
import { type PreparedShape, prepareShapes } from './torrent-shapes.ts';

const names = ['aria2', 'libtorrent', 'transmission'] as const;
/** Few, since each has a seed of its own; they have every sort of border and of request that clients make. */
const shapeNames = new Set(['1 byte', 'last piece of 1 byte', 'pieces of 3 blocks', 'pieces of 1 MiB', 'pieces across 1000 files']);
const firstSeedPort = 6901;
const patienceMs = 90_000;

describe('real clients download from a seed', () => {
  const scratch = makeScratchDirectory();
  const contentDirectory = path.join(scratch, 'content');
  const missing: string[] = [];
  let network: PrivateNetwork | string;
  let shapes: readonly PreparedShape[] = [];

  before(async () => {
    network = await PrivateNetwork.open();
    if (typeof network === 'string') missing.push(network);
    missing.push(...names.flatMap((name) => missingClient(name) ?? []));
    shapes = prepareShapes(contentDirectory, path.join(scratch, 'torrents')).shapes.filter(({ name }) => shapeNames.has(name));
  });

  after(async () => {
    if (network instanceof PrivateNetwork) await network.close();
    removeScratchDirectory(scratch);
  });

  for (const encrypted of [false, true]) {
    const how = encrypted ? 'encrypted' : 'plain';
    for (const name of names) test(`${name}, ${how}`, (t) => leechAll(t, [name], encrypted));
    test(`all together, ${how}`, (t) => leechAll(t, names, encrypted));
  }

  async function leechAll(t: TestContext, by: readonly ClientName[], encrypted: boolean): Promise<void> {
    if (missing.length > 0) {
      assert.ok(!clientsAreRequired, missing.join('; '));
      return t.skip(missing.join('; '));
    }
    const inside = network as PrivateNetwork;
    // An address of its own for each torrent: transmission handles one handshake per address at a time, and drops others.
    const torrents = shapes.map(({ torrentFile }, i) => ({
      file: torrentFile,
      seedAddress: `${PrivateNetwork.address(i + 1)}:${firstSeedPort + i}`,
    }));
    const below = path.join(scratch, `${by.join(' and ')}, ${encrypted ? 'encrypted' : 'plain'}`);
    const directories = by.map((name) => path.join(below, name, 'files'));
    const leechBy = (name: ClientName): RunningLeecher => {
      const [outputDirectory, stateDirectory] = [path.join(below, name, 'files'), path.join(below, name, 'state')];
      for (const directory of [outputDirectory, stateDirectory]) mkdirSync(directory, { recursive: true });
      return startLeecher(name, { network: inside, torrents, outputDirectory, stateDirectory, encrypted });
    };
    // Who waits to be dialled comes before the seeds; who dials comes when they listen.
    const dialled = by.filter((name) => leechers[name].port !== undefined);
    const clients = dialled.map(leechBy);
    const seeds = shapes.map((shape, i) => startSeed(inside, shape, i, by));
    await Promise.all(seeds.map((seed) => seed.stderrMatches(/; seeding until stopped/)));
    clients.push(...by.filter((name) => !dialled.includes(name)).map(leechBy));
    const faults = (): string[] =>
      shapes.flatMap(({ name }) =>
        directories.flatMap((directory, i) =>
          treeFaults(path.join(contentDirectory, name), path.join(directory, name)).map((fault) => `${by[i]}, ${name}: ${fault}`),
        ),
      );
    const left = await waitUntilRight(faults, patienceMs);
    await Promise.all(clients.map((client) => client.stop()));
    for (const { child } of seeds) child.kill('SIGTERM');
    const ended = await Promise.all(seeds.map(({ finished }) => finished));
    assert.equal(left.length, 0, [...left.slice(0, 20), ...ended.map(({ stderr }) => stderr.slice(-2000))].join('\n'));
    for (const { exitCode, stderr } of ended) assert.equal(exitCode, 143, stderr);
  }

  /** Listens on a port of its own, and connects to the clients that wait for that. */
  function startSeed(inside: PrivateNetwork, shape: PreparedShape, i: number, by: readonly ClientName[]): RunningCli {
    const peers = by.flatMap((name) => {
      const { port } = leechers[name];
      return port === undefined ? [] : ['--peer', `${PrivateNetwork.address(i + 1)}:${port}`];
    });
    const args = [
      'seed',
      shape.torrentFile,
      '-o',
      contentDirectory,
      '--port',
      String(firstSeedPort + i),
      '--progress',
      'none',
      '-v',
      ...peers,
    ];
    return startCli(args, { wrapper: inside.wrapper, timeoutMs: 2 * patienceMs });
  }
});
