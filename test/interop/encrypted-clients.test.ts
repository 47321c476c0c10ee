// Encrypted connections with real clients that take no others: downloads from each of them, and from one that connects to us.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { clientsAreRequired, type ClientName, missingClient, type SeedingClient, startClient } from '../support/clients.ts';
import { contentFaults, writeContent } from '../support/content-files.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { PrivateNetwork } from '../support/private-network.ts';
import { runCli, startProgram } from '../support/run-cli.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../support/scratch.ts';

type Policy = 'off' | 'prefer' | 'require';

const torrent = makeTorrent({ name: 'content', pieceLength: 64 * 1024, length: 5_000_000 });
/** Each client, what it speaks after the handshake, and with which policies of ours it can be reached. Transmission knows RC4 only. */
const cases: readonly [ClientName, 'rc4' | 'plaintext', reached: readonly Policy[]][] = [
  ['aria2', 'rc4', ['prefer', 'require']],
  ['aria2', 'plaintext', ['prefer', 'require']],
  ['libtorrent', 'rc4', ['prefer', 'require']],
  ['libtorrent', 'plaintext', ['prefer']],
  ['transmission', 'rc4', ['prefer', 'require']],
];

describe('encrypted connections to real clients', () => {
  const scratch = makeScratchDirectory();
  const contentDirectory = path.join(scratch, 'all content');
  const torrentFile = path.join(scratch, 'content.torrent');
  const missing: string[] = [];
  let network: PrivateNetwork | string;

  before(async () => {
    mkdirSync(contentDirectory);
    writeContent(torrent, contentDirectory);
    writeFileSync(torrentFile, torrent.bytes);
    network = await PrivateNetwork.open();
    if (typeof network === 'string') missing.push(network);
    missing.push(...(['aria2', 'libtorrent', 'transmission'] as const).flatMap((name) => missingClient(name) ?? []));
  });

  after(async () => {
    if (network instanceof PrivateNetwork) await network.close();
    removeScratchDirectory(scratch);
  });

  test('all of them are here', (t) => {
    if (missing.length === 0) return;
    assert.ok(!clientsAreRequired, missing.join('; '));
    t.skip(missing.join('; '));
  });

  for (const [name, encryption, reached] of cases) {
    test(`${name} with ${encryption} only is reached with ${reached.join(' and ')}`, async (t) => {
      if (typeof network === 'string' || missingClient(name) !== undefined) return t.skip(missing.join('; '));
      const stateDirectory = path.join(scratch, `${name} ${encryption}`);
      mkdirSync(stateDirectory);
      const torrents = [{ file: torrentFile, infohash: torrent.infohash.toString('hex') }];
      const client = await startClient(name, { network, contentDirectory, torrents, stateDirectory, encryption });
      try {
        await Promise.all((['off', 'prefer', 'require'] as const).map((policy) => tryPolicy(t, client, policy, reached.includes(policy))));
      } finally {
        await client.stop();
      }
    });
  }

  for (const [encryption, policy] of [
    ['rc4', 'require'],
    ['plaintext', 'prefer'],
  ] as const) {
    test(`libtorrent with ${encryption} only reaches us with ${policy}`, async (t) => {
      if (typeof network === 'string' || missingClient('libtorrent') !== undefined) return t.skip(missing.join('; '));
      const { wrapper } = network;
      const us = `${PrivateNetwork.address(1)}:6990`;
      const dialler = startProgram(
        ['/usr/bin/python3', path.resolve('test/support/libtorrent-tool.py'), 'dial', us, encryption, contentDirectory, torrentFile],
        { wrapper, timeoutMs: 60_000 },
      );
      try {
        // A typed peer that is not there keeps us waiting for others.
        const nobody = `${PrivateNetwork.address(2)}:1`;
        await download(policy, ['--port', '6990', '--peer', nobody], path.join(scratch, `incoming ${encryption}`), true);
      } finally {
        dialler.child.kill('SIGKILL');
        await dialler.finished;
      }
    });
  }

  /** From an address of its own for each policy: transmission handles one handshake per address at a time. */
  function tryPolicy(t: TestContext, client: SeedingClient, policy: Policy, isReached: boolean): Promise<void> {
    const output = path.join(scratch, `from ${client.name} ${t.name} ${policy}`);
    const host = PrivateNetwork.address(10 + ['off', 'prefer', 'require'].indexOf(policy));
    return download(policy, ['--peer', `${host}:${client.port}`], output, isReached);
  }

  async function download(policy: Policy, args: readonly string[], output: string, isReached: boolean): Promise<void> {
    const { wrapper } = network as PrivateNetwork;
    const stall = ['--stall-timeout', isReached ? '60s' : '4s'];
    const { exitCode, stderr } = await runCli(['get', torrentFile, '-o', output, '--encryption', policy, ...stall, ...args], {
      wrapper,
      timeoutMs: 90_000,
    });
    assert.equal(exitCode, isReached ? 0 : 40, `${policy}: ${stderr}`);
    if (isReached) assert.deepEqual(contentFaults(torrent, output), []);
  }
});
