// Downloads from real clients: each shape of torrent from aria2, from libtorrent, from transmission-daemon, and from all together, must be
// byte-identical and leave nothing else behind.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type ClientName, clientsAreRequired, missingClient, type SeedingClient, startClient } from '../support/clients.ts';
import { treeFaults } from '../support/content-files.ts';
import { PrivateNetwork } from '../support/private-network.ts';
import { runCli } from '../support/run-cli.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../support/scratch.ts';
import { type PreparedShape, prepareShapes } from './torrent-shapes.ts';

const names = ['aria2', 'libtorrent', 'transmission'] as const;
/** Transmission unchokes a newcomer only every 10 s; side by side the downloads wait for that together. */
const downloadsAtOnce = 6;

describe('real clients', () => {
  const scratch = makeScratchDirectory();
  const contentDirectory = path.join(scratch, 'content');
  const seeding = new Map<ClientName, SeedingClient>();
  const missing: string[] = [];
  let network: PrivateNetwork | string;
  let shapes: readonly PreparedShape[] = [];

  before(async () => {
    network = await PrivateNetwork.open();
    if (typeof network === 'string') {
      missing.push(network);
      return;
    }
    const prepared = prepareShapes(contentDirectory, path.join(scratch, 'torrents'));
    shapes = prepared.shapes;
    missing.push(...prepared.missing, ...names.flatMap((name) => missingClient(name) ?? []));
    const present = names.filter((name) => missingClient(name) === undefined);
    for (const client of await Promise.all(present.map((name) => start(name, network as PrivateNetwork)))) seeding.set(client.name, client);
  });

  after(async () => {
    await Promise.all([...seeding.values()].map((client) => client.stop()));
    if (network instanceof PrivateNetwork) await network.close();
    removeScratchDirectory(scratch);
  });

  test('all of them are here', (t) => {
    if (missing.length === 0) return;
    assert.ok(!clientsAreRequired, missing.join('; '));
    t.skip(missing.join('; '));
  });

  for (const name of names) {
    test(`every shape downloads from ${name}`, { concurrency: downloadsAtOnce }, (t) => downloadAll(t, [name]));
  }
  test('every shape downloads from all together', { concurrency: downloadsAtOnce }, (t) => downloadAll(t, names));

  async function start(name: ClientName, inside: PrivateNetwork): Promise<SeedingClient> {
    const stateDirectory = path.join(scratch, name);
    mkdirSync(stateDirectory);
    const torrents = shapes
      .filter(({ notBy }) => !notBy.includes(name))
      .map(({ torrentFile, infohash }) => ({ file: torrentFile, infohash }));
    return startClient(name, { network: inside, contentDirectory, torrents, stateDirectory });
  }

  /** One subtest per shape that at least one of the clients can seed. */
  async function downloadAll(t: TestContext, from: readonly ClientName[]): Promise<void> {
    const clients = from.flatMap((name) => seeding.get(name) ?? []);
    if (clients.length < from.length) return t.skip(missing.join('; '));
    const wanted = shapes.filter(({ notBy }) => from.some((name) => !notBy.includes(name)));
    const below = path.join(scratch, `from ${from.join(' and ')}`);
    await Promise.all(wanted.map((shape) => t.test(shape.name, () => download(shape, clients, path.join(below, shape.name)))));
  }

  async function download(shape: PreparedShape, clients: readonly SeedingClient[], output: string): Promise<void> {
    mkdirSync(output, { recursive: true });
    if (shape.sparseLength !== undefined && clients.every(({ name }) => name === 'transmission')) {
      // It sends 4 GiB in two minutes. Where the zeros are there already, what is left still lies beyond 4 GiB.
      const partial = path.join(output, `${shape.name}.part`);
      writeFileSync(partial, '');
      truncateSync(partial, shape.sparseLength);
    }
    // An address of its own for each shape: transmission handles one handshake per address at a time, and drops others.
    const host = PrivateNetwork.address(shapes.indexOf(shape) + 1);
    const peers = clients.filter(({ name }) => !shape.notBy.includes(name)).flatMap(({ port }) => ['--peer', `${host}:${port}`]);
    const { wrapper } = network as PrivateNetwork;
    const { exitCode, signal, stderr } = await runCli(['get', shape.torrentFile, '-o', output, ...peers], { wrapper, timeoutMs: 120_000 });
    assert.equal(exitCode, 0, `ended with ${exitCode ?? signal}: ${stderr}`);
    assert.deepEqual(readdirSync(output), [shape.name]);
    assert.deepEqual(treeFaults(path.join(contentDirectory, shape.name), path.join(output, shape.name)), []);
    rmSync(output, { recursive: true });
  }
});
