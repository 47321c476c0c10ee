// Peer exchange with real clients: whoever is told of one peer alone learns of another from it, and downloads from that one.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { clientsAreRequired, missingClient } from '../support/clients.ts';
import { eventsOf, readEventLines, readEvents } from '../support/events.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { PrivateNetwork } from '../support/private-network.ts';
import { type RunningCli, runCli, startCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

const shape = { name: 'image.iso', pieceLength: 65_536, length: 3_000_000 };
/** Who stands between the two has hardly anything to give. */
const slow = 20_000;
const patienceMs = 100_000;
const [between, source] = [PrivateNetwork.address(2), PrivateNetwork.address(3)];

class Scene {
  readonly torrent: string;
  readonly scratch: string;
  readonly wrapper: readonly string[];
  readonly #t: TestContext;

  constructor(t: TestContext, network: PrivateNetwork) {
    this.#t = t;
    this.wrapper = network.wrapper;
    this.scratch = scratchDirectory(t);
    this.torrent = path.join(this.scratch, 'image.torrent');
    const made = makeTorrent(shape);
    writeFileSync(this.torrent, made.bytes);
    writeFileSync(path.join(this.directory('content'), shape.name), made.read(0, shape.length));
  }

  directory(name: string): string {
    mkdirSync(path.join(this.scratch, name));
    return path.join(this.scratch, name);
  }

  /** A seed, until the test is over; it listens at port 6885 and tells what happens. */
  async seed(...more: readonly string[]): Promise<RunningCli> {
    const args = ['seed', this.torrent, '-o', path.join(this.scratch, 'content'), '-p', '6885', '-v', '--json', ...more];
    const seeding = this.#keep(startCli(args, { wrapper: this.wrapper, timeoutMs: patienceMs }));
    await seeding.stderrMatches(/seeding/);
    return seeding;
  }

  /** Downloads slowly from the seed, until the test is over; listens at port 6886. */
  between(...more: readonly string[]): RunningCli {
    const args = ['get', this.torrent, '-o', this.directory('between'), '-p', '6886', '--peer', `${source}:6885`, ...more];
    return this.#keep(startCli([...args, '--max-download-rate', String(slow)], { wrapper: this.wrapper }));
  }

  /** The same in libtorrent, or quickly and told of others. */
  libtorrent(name: string, rate: number, ...peers: readonly string[]): RunningCli {
    const args = ['/usr/bin/python3', path.resolve('test/support/libtorrent-tool.py'), 'join', 'pex', '6889', String(rate)];
    const command = ['timeout', '100', ...args, this.directory(name), this.torrent, ...peers];
    return this.#keep(startProgram(command, { wrapper: this.wrapper }));
  }

  /** Listens at port 6889, and waits for whoever connects. `rate`: kB/s, if there is to be a limit. */
  transmission(name: string, rate?: number): RunningCli {
    const [state, output] = [this.directory(`${name}-state`), this.directory(name)];
    const common = {
      'rpc-enabled': false,
      'dht-enabled': false,
      'lpd-enabled': false,
      'utp-enabled': false,
      'port-forwarding-enabled': false,
    };
    const settings = {
      ...common,
      'peer-port': 6889,
      'download-dir': output,
      'watch-dir': state,
      'watch-dir-enabled': true,
      'pex-enabled': true,
      'speed-limit-down-enabled': rate !== undefined,
      'speed-limit-down': rate ?? 0,
    };
    writeFileSync(path.join(state, 'settings.json'), JSON.stringify(settings));
    const copy = ['cp', this.torrent, path.join(state, 'image.torrent')].map((word) => `'${word}'`).join(' ');
    const daemon = `${copy} && exec timeout 100 transmission-daemon --foreground --config-dir '${state}'`;
    return this.#keep(startProgram(['sh', '-c', daemon], { wrapper: this.wrapper, timeoutMs: patienceMs }));
  }

  #keep(running: RunningCli): RunningCli {
    this.#t.after(async () => {
      running.child.kill('SIGTERM');
      await running.finished;
    });
    return running;
  }
}

async function scene(t: TestContext): Promise<Scene | undefined> {
  const network = await PrivateNetwork.open();
  if (typeof network === 'string') {
    assert.ok(!clientsAreRequired, network);
    t.skip(network);
    return undefined;
  }
  t.after(() => network.close());
  return new Scene(t, network);
}

/** The clients that connected to `seeding`, in the end. */
async function clientsOf(seeding: RunningCli): Promise<string[]> {
  seeding.child.kill('SIGTERM');
  const { stdout } = await seeding.finished;
  return eventsOf(readEventLines(stdout), 'source')
    .filter(({ change }) => change === 'introduced')
    .map(({ message }) => String(message));
}

/** A download that is told of the peer between alone. */
async function learns(play: Scene, port: number, ...more: readonly string[]): Promise<void> {
  const report = path.join(play.scratch, 'report.json');
  const args = [
    'get',
    play.torrent,
    '-o',
    play.directory('output'),
    '--no-listen',
    '--peer',
    `${between}:${port}`,
    '--json',
    '--report',
    report,
  ];
  const { exitCode, stdout, stderr } = await runCli([...args, ...more], { wrapper: play.wrapper, timeoutMs: patienceMs });
  assert.equal(exitCode, 0, stderr);
  const told = eventsOf(readEvents(stdout), 'source');
  const named = told.filter(({ kind, change }) => kind === 'pex' && change === 'named').map(({ peer }) => peer);
  assert.ok(named.includes(`${between}:${port}`), JSON.stringify(told));
  assert.ok(
    told.some(({ peer, change }) => peer === `${source}:6885` && change === 'connected'),
    JSON.stringify(told),
  );
}

const withoutLibtorrent = { skip: missingClient('libtorrent') ?? false };
const withoutTransmission = { skip: missingClient('transmission') ?? false };

test('ttorrent learns of a seed from libtorrent', withoutLibtorrent, async (t) => {
  const play = await scene(t);
  if (play === undefined) return;
  await play.seed();
  play.libtorrent('between', slow, `${source}:6885`);
  await learns(play, 6889);
});

test('ttorrent learns of a seed from ttorrent', async (t) => {
  const play = await scene(t);
  if (play === undefined) return;
  await play.seed();
  play.between();
  await learns(play, 6886);
});

test('libtorrent learns of a seed from ttorrent', withoutLibtorrent, async (t) => {
  const play = await scene(t);
  if (play === undefined) return;
  const seeding = await play.seed();
  play.between();
  play.libtorrent('output', 0, `${between}:6886`);
  await seeding.stderrMatches(/introduced: libtorrent/);
  assert.ok((await clientsOf(seeding)).some((client) => client.startsWith('libtorrent')));
});

test('transmission learns of a seed from ttorrent', withoutTransmission, async (t) => {
  const play = await scene(t);
  if (play === undefined) return;
  const seeding = await play.seed();
  play.transmission('output');
  play.between('--peer', `${PrivateNetwork.address(4)}:6889`);
  await seeding.stderrMatches(/introduced: Transmission/);
  assert.ok((await clientsOf(seeding)).some((client) => client.startsWith('Transmission')));
});

test('ttorrent learns of a seed from transmission', withoutTransmission, async (t) => {
  const play = await scene(t);
  if (play === undefined) return;
  play.transmission('between', slow / 1000);
  // A connection comes from where it goes to, and Transmission has one of each address.
  await play.seed('--peer', `${between}:6889`, '--bind', source);
  await learns(play, 6889, '--bind', PrivateNetwork.address(4));
});
