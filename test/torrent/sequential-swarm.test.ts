// Downloads in the torrent's order on a simulated network: how fast they are, how far they read ahead, and who can hold them up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badMark, goodMark, type SimulatedLink } from '../support/simulated-seeder.ts';
import { SimulatedTorrent, seededRandom } from '../support/simulated-torrent.ts';

const mbit = (rate: number, roundTripMs: number): SimulatedLink => ({ bytesPerMs: (rate * 1e6) / 8 / 1000, roundTripMs });
const pieceLength = 2 ** 18;

for (const [name, links, limit] of [
  ['eight equal peers of 20 Mbit/s, 100 ms away', Array.from({ length: 8 }, () => mbit(20, 100)), 1.06],
  ['peers of 80, 3 x 20 and 4 x 1 Mbit/s, 100 ms away', [80, 20, 20, 20, 1, 1, 1, 1].map((rate) => mbit(rate, 100)), 1.06],
  ['three peers of 120 Mbit/s, 200 ms away', Array.from({ length: 3 }, () => mbit(120, 200)), 1.17],
] as const) {
  test(`downloads in order from ${name}, within ${limit} of the ideal time and 1 % of waste`, () => {
    const torrent = new SimulatedTorrent({ pieceCount: 1024, pieceLength, random: seededRandom(1), sequential: { windowPieces: 256 } });
    for (const link of links) torrent.add(link);
    const idealMs = (1024 * pieceLength) / links.reduce((sum, link) => sum + link.bytesPerMs, 0);
    const tookMs = torrent.run(idealMs * 10);
    assert.ok(tookMs !== undefined && tookMs <= limit * idealMs, `${tookMs} ms, ideal ${idealMs}`);
    assert.ok(torrent.exchange.wastedBytes <= 0.01 * 1024 * pieceLength, `wasted ${torrent.exchange.wastedBytes}`);
  });
}

test('asks for nothing beyond the window while what is in it is not passed on, and goes on when it is', () => {
  let passed = 0;
  const sequential = { windowPieces: 8, isPassed: (piece: number) => piece < passed && torrent.ledger.verified.has(piece) };
  const torrent: SimulatedTorrent = new SimulatedTorrent({ pieceCount: 64, pieceLength, random: seededRandom(2), sequential });
  const seeders = [torrent.add(mbit(50, 20)), torrent.add(mbit(5, 20))];
  const served = (): number => seeders.reduce((sum, seeder) => sum + seeder.servedBytes, 0);
  torrent.run(120_000);
  assert.deepEqual([...torrent.ledger.verified], [0, 1, 2, 3, 4, 5, 6, 7]);
  // Nothing is asked for twice while only the reader is waited for, but near the end of the window.
  assert.ok(served() < 8.5 * pieceLength, `${served()} bytes served`);
  assert.equal(torrent.swarm.ready.size, 2, 'peers with nothing to do are kept');
  passed = 3;
  torrent.run(5_000);
  assert.equal(torrent.ledger.wantedVerified, 11);
  passed = 64;
  assert.ok(torrent.run(60_000) !== undefined);
});

test('asks for more as soon as the window moves on, not with the next tick', () => {
  const sequential = { windowPieces: 2 };
  const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength, random: seededRandom(6), sequential, verdictMs: 5 });
  torrent.add(mbit(2_000, 1));
  const tookMs = torrent.run(60_000);
  assert.ok(tookMs !== undefined && tookMs < 1_000, `${tookMs} ms; 230 at best, 3 200 with a tick for each two pieces`);
});

test('a peer that stops or crawls with the first piece holds up the rest for moments only', () => {
  for (const slow of [{ stalls: true }, { answers: (piece: number) => piece !== 0 }, {}]) {
    const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength, random: seededRandom(3), sequential: { windowPieces: 16 } });
    torrent.add(mbit(0.1, 20), slow);
    torrent.run(200);
    torrent.add(mbit(80, 20));
    const tookMs = torrent.run(120_000);
    assert.ok(tookMs !== undefined && tookMs < 4_000, `${tookMs} ms; ideal 1678`);
  }
});

test('gets the head from the only peer that has it, however late that one comes', () => {
  const torrent = new SimulatedTorrent({ pieceCount: 32, pieceLength, random: seededRandom(4), sequential: { windowPieces: 8 } });
  torrent.add(mbit(50, 20), { has: (piece) => piece !== 0 });
  assert.equal(torrent.run(20_000), undefined);
  assert.equal(torrent.ledger.wantedVerified, 7);
  torrent.add(mbit(10, 20), { has: (piece) => piece === 0 });
  assert.ok(torrent.run(20_000) !== undefined);
});

test('completes in order although a peer lies, which is banned', () => {
  const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength, random: seededRandom(5), sequential: { windowPieces: 8 } });
  torrent.add(mbit(10, 20));
  torrent.add(mbit(20, 20));
  const liar = torrent.add(mbit(50, 20), { markOf: (_, offset) => (offset === 0 ? badMark : goodMark) });
  assert.ok(torrent.run(120_000) !== undefined);
  assert.deepEqual([...torrent.banned], [liar.remote.port]);
});
