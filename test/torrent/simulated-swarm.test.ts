import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SimulatedLink } from '../support/simulated-seeder.ts';
import { badMark, goodMark } from '../support/simulated-seeder.ts';
import { SimulatedTorrent, seededRandom } from '../support/simulated-torrent.ts';

const mbit = (rate: number, roundTripMs: number): SimulatedLink => ({ bytesPerMs: (rate * 1e6) / 8 / 1000, roundTripMs });
const totalBytes = 256 * 2 ** 20;

/** Downloads 256 MiB over these links; returns the time against the ideal, and the wasted share. */
function race(links: readonly SimulatedLink[]): { ratio: number; wasted: number } {
  const torrent = new SimulatedTorrent({ pieceCount: 1024, pieceLength: 2 ** 18, random: seededRandom(1) });
  for (const link of links) torrent.add(link);
  const idealMs = totalBytes / links.reduce((sum, link) => sum + link.bytesPerMs, 0);
  const tookMs = torrent.run(idealMs * 10);
  assert.ok(tookMs !== undefined, 'it completes');
  return { ratio: tookMs / idealMs, wasted: torrent.exchange.wastedBytes / totalBytes };
}

describe('swarm on a simulated network', () => {
  const profiles: readonly [name: string, links: SimulatedLink[], limit: number][] = [
    ['eight equal peers of 20 Mbit/s, 100 ms away', Array.from({ length: 8 }, () => mbit(20, 100)), 1.05],
    ['peers of 80, 3 x 20 and 4 x 1 Mbit/s, 100 ms away', [80, 20, 20, 20, 1, 1, 1, 1].map((rate) => mbit(rate, 100)), 1.06],
    ['three peers of 120 Mbit/s, 200 ms away', Array.from({ length: 3 }, () => mbit(120, 200)), 1.17],
  ];
  for (const [name, links, limit] of profiles) {
    it(`downloads from ${name}, within ${limit} of the ideal time and 1 % of waste`, () => {
      const { ratio, wasted } = race(links);
      assert.ok(ratio <= limit, `ratio ${ratio}`);
      assert.ok(wasted <= 0.01, `wasted ${wasted}`);
    });
  }

  it('completes from two peers with complementary halves', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength: 2 ** 16, random: seededRandom(2) });
    torrent.add(mbit(50, 20), { has: (piece) => piece < 32 });
    torrent.add(mbit(50, 20), { has: (piece) => piece >= 32 });
    assert.ok(torrent.run(60_000) !== undefined);
  });

  it('lets a stalled peer cost less than a second', () => {
    const time = (isStalled: boolean): number => {
      const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength: 2 ** 18, random: seededRandom(3) });
      torrent.add(mbit(80, 20));
      if (isStalled) torrent.add(mbit(80, 20), { stalls: true });
      const tookMs = torrent.run(120_000);
      assert.ok(tookMs !== undefined);
      return tookMs;
    };
    const costMs = time(true) - time(false);
    assert.ok(costMs < 1000, `it cost ${costMs} ms`);
  });

  it('keeps what came from a peer that went away, and fetches the rest elsewhere', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 8, pieceLength: 2 ** 20, random: seededRandom(4) });
    const leaving = torrent.add(mbit(8, 20));
    torrent.run(2000);
    leaving.drop();
    const before = torrent.exchange.receivedBytes;
    assert.ok(before > 2 ** 20);
    torrent.add(mbit(80, 20));
    assert.ok(torrent.run(60_000) !== undefined);
    // At most the block that was half here when it went.
    assert.ok(torrent.exchange.receivedBytes - 8 * 2 ** 20 <= 16_384, `received ${torrent.exchange.receivedBytes}`);
  });
});

const pieceLength = 2 ** 18;

describe('peers that hold things up, on a simulated network', () => {
  it('lets a fast peer go on while slow ones hold large pieces that only they have', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 12, pieceLength: 2 ** 25, random: seededRandom(5) });
    for (let slow = 0; slow < 3; slow++) torrent.add(mbit(0.4, 50), { has: (piece) => piece === slow });
    const fast = torrent.add(mbit(200, 20), { has: (piece) => piece >= 3 });
    torrent.run(30_000);
    assert.equal(torrent.ledger.wantedVerified, 9, `the fast peer served ${fast.servedBytes} bytes`);
  });

  it('hands the pieces of a peer that chokes to others, also one that is fetched from it alone', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 1, pieceLength: 2 ** 18, random: seededRandom(6) });
    // Both are asked for parts of the piece; one lies once, so that the piece fails and is fetched from one peer alone, which then chokes.
    let lies = 1;
    const markOf = (): number => (lies-- > 0 ? badMark : goodMark);
    torrent.add(mbit(1, 20), { markOf, chokesAfter: 12 });
    torrent.add(mbit(1, 20), { chokesAfter: 12 });
    torrent.run(20_000);
    torrent.add(mbit(10, 20));
    assert.ok(torrent.run(60_000) !== undefined);
  });

  it('hands on a piece that is fetched from one peer alone, when that one rejects some of its blocks', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 1, pieceLength: 2 ** 18, random: seededRandom(6) });
    let lies = 1;
    const markOf = (): number => (lies-- > 0 ? badMark : goodMark);
    torrent.add(mbit(1, 20), { markOf, rejectsBeyond: 4 });
    torrent.add(mbit(1, 20), { rejectsBeyond: 4 });
    assert.equal(torrent.run(20_000), undefined);
    torrent.add(mbit(10, 20));
    assert.ok(torrent.run(60_000) !== undefined);
  });

  it('hands on a piece that is fetched from one peer alone, when that one hardly sends', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 2, pieceLength: 2 ** 18, random: seededRandom(14) });
    let lies = 1;
    const markOf = (): number => (lies-- > 0 ? badMark : goodMark);
    const has = (piece: number): boolean => piece === 0;
    torrent.add(mbit(1, 20), { has, markOf, chokesAfter: 8 });
    torrent.add(mbit(1, 20), { has, chokesAfter: 8 });
    torrent.run(20_000);
    assert.equal(torrent.corruptBytes, 2 ** 18, 'both sent parts of a piece that failed');
    torrent.add(mbit(0.008, 20), { has });
    torrent.run(2_000);
    torrent.add(mbit(1, 20));
    const tookMs = torrent.run(60_000);
    assert.ok(tookMs !== undefined && tookMs < 7_000, `took ${tookMs} ms`);
  });

  it('finds out a liar that never finishes a piece, beside a slow honest peer', () => {
    const pieceBytes = 2 ** 18;
    const torrent = new SimulatedTorrent({ pieceCount: 4, pieceLength: pieceBytes, random: seededRandom(10) });
    torrent.add(mbit(0.4, 20));
    const liar = torrent.add(mbit(50, 5), {
      markOf: (_, offset) => (offset === 0 ? badMark : goodMark),
      answers: (_, offset) => offset < pieceBytes - 16_384,
    });
    const tookMs = torrent.run(120_000);
    assert.ok(tookMs !== undefined, 'it completes');
    assert.deepEqual([...torrent.banned], [liar.remote.port]);
  });

  it('closes a peer that floods it with chokes or other messages, and keeps an honest one', () => {
    for (const flood of [[0, 1], [3]]) {
      const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength: 2 ** 18, random: seededRandom(11) });
      torrent.add(mbit(8, 20));
      const hostile = torrent.add(mbit(80, 20), { has: () => false });
      const shout = (): void => {
        for (let i = 0; i < 500 && !hostile.isClosed; i++) for (const id of flood) hostile.say(id);
        if (!hostile.isClosed) torrent.clock.setTimer(100, shout);
      };
      torrent.clock.setTimer(500, shout);
      torrent.run(8_000);
      assert.ok(hostile.isClosed, String(flood));
      assert.equal(torrent.swarm.ready.size, 1);
    }
  });

  it('gets on with a peer that rejects what is beyond its queue', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 128, pieceLength: 2 ** 18, random: seededRandom(7) });
    torrent.add(mbit(300, 2), { rejectsBeyond: 20 });
    const tookMs = torrent.run(60_000);
    assert.ok(tookMs !== undefined && tookMs < 10_000, `took ${tookMs} ms`);
  });

  it('times out a stalled peer although reading is paused again and again', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength: 2 ** 16, random: seededRandom(8) });
    torrent.add(mbit(8, 20), { stalls: true });
    const flap = (): void => {
      torrent.swarm.pause('rate');
      torrent.clock.setTimer(60, () => torrent.swarm.resume('rate'));
      torrent.clock.setTimer(70, flap);
    };
    flap();
    torrent.run(80_000);
    assert.equal(torrent.swarm.ready.size, 1, 'seven seconds of reading are not enough to give up on it');
    torrent.run(420_000);
    assert.equal(torrent.swarm.ready.size, 0);
  });

  it('lets each peer in turn be the first that is read again, since the first may use up a rate limit alone', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 64, pieceLength: 2 ** 16, random: seededRandom(12) });
    const seeders = [0, 1, 2].map(() => torrent.add(mbit(0.1, 20)));
    torrent.run(1_000);
    const resumed: number[] = [];
    for (const seeder of seeders) seeder.resume = () => resumed.push(seeders.indexOf(seeder));
    for (let pause = 0; pause < 3; pause++) {
      torrent.swarm.pause('rate');
      torrent.swarm.resume('rate');
    }
    assert.equal(resumed.length, 9);
    assert.deepEqual(new Set([resumed[0], resumed[3], resumed[6]]), new Set([0, 1, 2]));
  });

  it('asks nobody twice while a limit of its own holds reading back, however many peers are idle', () => {
    const options = { pieceCount: 128, pieceLength: 2 ** 16, random: seededRandom(13), bytesPerSecond: 1_000_000 };
    const torrent = new SimulatedTorrent(options);
    for (let peer = 0; peer < 60; peer++) torrent.add(mbit(50, 20));
    assert.ok(torrent.run(120_000) !== undefined);
    assert.equal(torrent.exchange.wastedBytes, 0);
  });

  it('shakes hands with a peer that connects during a pause, and takes no block of it until the pause ends', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 4, pieceLength: 2 ** 16, random: seededRandom(9) });
    torrent.swarm.pause('disk');
    torrent.add(mbit(80, 20));
    assert.equal(torrent.run(5_000), undefined);
    assert.deepEqual([torrent.swarm.ready.size, torrent.exchange.receivedBytes], [1, 0]);
    torrent.swarm.resume('disk');
    assert.ok(torrent.run(5_000) !== undefined);
  });
});

/** Which of `count` peers lie, and how. */
const mixes: readonly { name: string; peers: number; liars: number; lie: (fraction: number, piece: number, offset: number) => boolean }[] =
  [
    { name: '1 of 2 always', peers: 2, liars: 1, lie: () => true },
    { name: '1 of 3 always', peers: 3, liars: 1, lie: () => true },
    { name: '3 of 10 always', peers: 10, liars: 3, lie: () => true },
    { name: '9 of 10 always', peers: 10, liars: 9, lie: () => true },
    { name: '1 of 2, every tenth block', peers: 2, liars: 1, lie: (fraction) => fraction < 0.1 },
    { name: '1 of 3, every tenth block', peers: 3, liars: 1, lie: (fraction) => fraction < 0.1 },
    { name: '3 of 10, every tenth block', peers: 10, liars: 3, lie: (fraction) => fraction < 0.1 },
    { name: '2 of 3, every tenth block', peers: 3, liars: 2, lie: (fraction) => fraction < 0.1 },
    { name: '1 of 3, the first block only', peers: 3, liars: 1, lie: (_, __, offset) => offset === 0 },
    { name: '3 of 10, the first block only', peers: 10, liars: 3, lie: (_, __, offset) => offset === 0 },
    { name: '1 of 3, the last pieces only', peers: 3, liars: 1, lie: (_, piece) => piece >= 18 },
    { name: '9 of 10, every tenth block', peers: 10, liars: 9, lie: (fraction) => fraction < 0.1 },
  ];

describe('corrupt peers on a simulated network', () => {
  for (const [index, mix] of mixes.entries()) {
    it(`${mix.name}: completes, and bans exactly those that lied, in 84 seeded runs`, () => {
      for (let run = 0; run < 84; run++) {
        const random = seededRandom(run * 100 + index);
        const torrent = new SimulatedTorrent({ pieceCount: 24, pieceLength, random });
        const lied = new Set<number>();
        for (let peer = 0; peer < mix.peers; peer++) {
          const isLiar = peer < mix.liars;
          const port = 1000 + peer;
          torrent.add(mbit(5 + random.fraction() * 20, 10 + random.fraction() * 50), {
            markOf: (piece, offset) => {
              if (!isLiar || !mix.lie(random.fraction(), piece, offset)) return goodMark;
              lied.add(port);
              return badMark;
            },
          });
        }
        assert.ok(torrent.run(300_000) !== undefined, `run ${run} completes`);
        for (const port of torrent.banned) assert.ok(lied.has(port), `run ${run}: the honest peer ${port} was banned`);
        // A lie that came too late to be used proves nothing.
        for (const port of lied)
          assert.ok(torrent.banned.has(port) || !torrent.suspects.has(port), `run ${run}: the liar ${port} got away`);
        // Two pieces a liar, and what its first window (32 blocks) may hold of others before its first piece fails.
        const bound = mix.liars * (2 * pieceLength + 32 * 16_384);
        assert.ok(torrent.corruptBytes <= bound, `run ${run}: ${torrent.corruptBytes} corrupt bytes, at most ${bound} expected`);
      }
    });
  }
});

describe('slow peers far away that were asked for much at first', () => {
  it('take no longer and send nothing twice: the excess is asked of whoever is quicker', () => {
    const torrent = new SimulatedTorrent({ pieceCount: 32, pieceLength, random: seededRandom(1) });
    for (let peer = 0; peer < 4; peer++) torrent.add(mbit(1, 300));
    // As if each had taken 400 ms to answer: the window begins with more than they send in ten seconds.
    torrent.clock.setTimer(300, () => {
      for (const peer of torrent.swarm.ready.values()) peer.window.handshakeAnswered(400);
    });
    const idealMs = (32 * pieceLength * 8) / 4_000;
    const tookMs = torrent.run(idealMs * 10);
    assert.ok(tookMs !== undefined && tookMs < 1.1 * idealMs, `${tookMs} ms, ideal ${idealMs}`);
    assert.ok(torrent.exchange.wastedBytes < 0.01 * 32 * pieceLength, `${torrent.exchange.wastedBytes} wasted`);
  });
});
