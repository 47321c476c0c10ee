import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type Chokable, Choker, type ChokerFacts } from '../../src/torrent/choker.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

type Peer = { -readonly [Key in keyof Chokable]: Chokable[Key] };

const pieceLength = 2 ** 18;

/** A choker and the peers that do as it says; a step is a second. */
class Table {
  nowMs = 0;
  isSeeding = false;
  readonly peers: Peer[] = [];
  readonly #choker: Choker;

  constructor(slots: number | undefined, seed = 1) {
    this.#choker = new Choker(seededRandom(seed), slots);
  }

  join(facts: Partial<Chokable> = {}): Peer {
    const number = (this.peers.at(-1)?.number ?? 0) + 1;
    const peer = {
      number,
      isInterested: true,
      isChoked: true,
      isSnubbed: false,
      connectedMs: this.nowMs,
      receivedBytes: 0,
      sentBytes: 0,
      ...facts,
    };
    this.peers.push(peer);
    return peer;
  }

  joinMany(count: number, facts: Partial<Chokable> = {}): Peer[] {
    return Array.from({ length: count }, () => this.join(facts));
  }

  choose(): ReadonlySet<number> {
    const facts: ChokerFacts = { nowMs: this.nowMs, isSeeding: this.isSeeding, sentBytes: 0, uploadLimit: undefined, pieceLength };
    const chosen = this.#choker.choose(this.peers, facts);
    for (const peer of this.peers) peer.isChoked = !chosen.has(peer.number);
    return chosen;
  }

  /** Lets seconds pass; in each, every unchoked peer that wants something takes 10 kB, then `happens`. */
  run(seconds: number, happens: () => void = () => undefined): void {
    for (let second = 0; second < seconds; second++) {
      this.choose();
      this.nowMs += 1000;
      for (const peer of this.peers) if (!peer.isChoked && peer.isInterested) peer.sentBytes += 10_000;
      happens();
    }
  }

  get unchoked(): Peer[] {
    return this.peers.filter(({ isChoked }) => !isChoked);
  }
}

describe('choker while downloading', () => {
  it('unchokes those who give most, and one more', () => {
    const table = new Table(3);
    const peers = table.joinMany(20);
    table.run(60, () => {
      for (const [index, peer] of peers.entries()) peer.receivedBytes += 100 * index;
    });
    table.choose();
    assert.deepEqual(
      peers.slice(-3).map(({ isChoked }) => isChoked),
      [false, false, false],
    );
    assert.equal(table.unchoked.length, 4);
  });

  it('goes by the last 20 s, not by what a peer gave before', () => {
    const table = new Table(1);
    const [before, now] = [table.join({ isInterested: false }), table.join()];
    table.joinMany(20);
    table.run(60, () => (before.receivedBytes += 1_000_000));
    assert.equal(before.isChoked, false);
    table.run(31, () => (now.receivedBytes += 1));
    assert.equal(now.isChoked, false);
    assert.equal(before.isChoked, true);
  });

  it('fills a free place at once, and keeps to its rhythm otherwise', () => {
    const table = new Table(2);
    const peers = table.joinMany(10);
    table.choose();
    const [first, second, third] = table.unchoked as [Peer, Peer, Peer];
    table.nowMs += 1000;
    first.isInterested = false;
    table.peers.splice(table.peers.indexOf(second), 1);
    table.choose();
    assert.equal(first.isChoked, true);
    assert.equal(table.unchoked.length, 3);
    assert.equal(third.isChoked, false);
    const giver = peers.find(({ isChoked }) => isChoked) as Peer;
    giver.receivedBytes = 1_000_000;
    table.nowMs += 8000;
    table.choose();
    assert.equal(giver.isChoked, true, 'not before the rechoke');
    table.nowMs += 1000;
    table.choose();
    assert.equal(giver.isChoked, false);
  });

  it('takes the regular place from a peer that snubs us', () => {
    const table = new Table(2);
    const peers = table.joinMany(30);
    const [snubbing, other] = peers as [Peer, Peer];
    const give = (): void => {
      for (const peer of peers.slice(0, 3)) peer.receivedBytes += 1000;
      snubbing.receivedBytes += 5000;
    };
    table.run(40, give);
    table.choose();
    assert.equal(snubbing.isChoked, false);
    snubbing.isSnubbed = true;
    table.run(10, give);
    table.choose();
    assert.equal(snubbing.isChoked, true);
    assert.equal(other.isChoked, false);
  });

  it('unchokes a peer that is not interested but gives more than the least regular one', () => {
    const table = new Table(2);
    const peers = table.joinMany(10);
    const [strong, weak] = table.joinMany(2, { isInterested: false }) as [Peer, Peer];
    table.run(40, () => {
      for (const peer of peers.slice(0, 2)) peer.receivedBytes += 1000;
      strong.receivedBytes += 2000;
      weak.receivedBytes += 500;
    });
    table.choose();
    assert.equal(strong.isChoked, false);
    assert.equal(weak.isChoked, true);
    assert.equal(table.unchoked.length, 4, 'and takes no place');
    strong.isInterested = true;
    table.run(10, () => (strong.receivedBytes += 2000));
    table.choose();
    assert.equal(strong.isChoked, false);
    assert.equal(table.unchoked.length, 3, 'until it becomes interested');
  });

  it('gives every newcomer a turn within two rotations, and the optimistic place to each for 30 s', () => {
    for (const seed of [1, 2, 3]) {
      const table = new Table(2, seed);
      const regular = table.joinMany(2);
      const give = (): void => {
        for (const peer of regular) peer.receivedBytes += 10_000;
      };
      table.run(40, give);
      const newcomers = table.joinMany(20);
      const rotationMs = 30_000 * 20;
      const firstMs = new Map<Peer, number>();
      const until = table.nowMs + 2 * rotationMs + 60_000;
      let since = table.nowMs;
      let last: Peer | undefined;
      while (table.nowMs < until) {
        table.run(1, give);
        const unchoked = newcomers.filter(({ isChoked }) => !isChoked);
        assert.equal(unchoked.length, 1);
        const [current] = unchoked as [Peer];
        firstMs.set(current, firstMs.get(current) ?? table.nowMs);
        if (current === last) continue;
        if (last !== undefined) assert.ok(table.nowMs - since >= 30_000, `a turn of ${table.nowMs - since} ms`);
        last = current;
        since = table.nowMs;
      }
      assert.equal(firstMs.size, 20);
    }
  });
});

describe('choker while seeding', () => {
  it('gives each peer eight pieces, then those it gave least', () => {
    const table = new Table(3);
    table.isSeeding = true;
    table.joinMany(12);
    const order: number[] = [];
    for (let second = 0; second < 300; second++) {
      const before = new Set(table.unchoked);
      table.choose();
      for (const { number } of table.unchoked.filter((peer) => !before.has(peer))) order.push(number);
      for (const peer of before)
        if (peer.isChoked) assert.ok(peer.sentBytes % (10 * pieceLength) === 0, `peer ${peer.number} got ${peer.sentBytes}`);
      table.nowMs += 1000;
      for (const peer of table.unchoked) peer.sentBytes += (8 * pieceLength) / 16;
    }
    assert.deepEqual(
      order.slice(0, 12).sort((a, b) => a - b),
      table.peers.map(({ number }) => number),
      'each had one turn before anyone had two',
    );
    const sent = table.peers.map(({ sentBytes }) => sentBytes);
    assert.ok(Math.max(...sent) - Math.min(...sent) <= 10 * pieceLength);
  });

  it('takes the place of a peer that takes nothing', () => {
    const table = new Table(1);
    table.isSeeding = true;
    table.joinMany(4);
    table.choose();
    const idle = table.unchoked;
    table.nowMs += 10_000;
    table.choose();
    assert.ok(idle.every(({ isChoked }) => isChoked));
    assert.equal(table.unchoked.length, 2);
  });

  it('takes the place of peers that take a byte now and then, and lets them wait like those who had a turn', () => {
    const table = new Table(3);
    table.isSeeding = true;
    const tricklers = table.joinMany(30);
    table.run(12);
    for (const trickler of tricklers) trickler.sentBytes = 0;
    const honest = table.join();
    let waitedSeconds = 0;
    table.run(180, () => {
      for (const trickler of tricklers) trickler.sentBytes = Math.floor(table.nowMs / 3000);
      if (honest.sentBytes === 0) waitedSeconds++;
    });
    assert.ok(honest.sentBytes > 0);
    assert.ok(waitedSeconds <= 100, `waited ${waitedSeconds} s while 30 peers had 4 places for 10 s each`);
  });

  it('does not reward what peers gave before', () => {
    const table = new Table(1);
    const [giver] = table.joinMany(10) as [Peer];
    table.run(40, () => (giver.receivedBytes += 1000));
    assert.equal(giver.isChoked, false);
    table.isSeeding = true;
    giver.sentBytes += 8 * pieceLength;
    table.run(11);
    assert.equal(giver.isChoked, true);
  });
});

describe('choker with any peers', () => {
  const change = fc.record({
    who: fc.nat(30),
    what: fc.constantFrom('join', 'go', 'interest', 'snub', 'give', 'take', 'nothing'),
    bytes: fc.nat(1_000_000),
    ms: fc.integer({ min: 0, max: 5000 }),
  });
  const script = fc.record({
    slots: fc.integer({ min: 1, max: 20 }),
    seed: fc.nat(),
    seedsFrom: fc.nat(150),
    changes: fc.array(change, { maxLength: 150, size: 'max' }),
  });
  type Script = typeof script extends fc.Arbitrary<infer Value> ? Value : never;

  /** Plays a script and calls `look` after each choice. */
  function play({ slots, seed, seedsFrom, changes }: Script, look: (table: Table, chosen: ReadonlySet<number>) => void): void {
    const table = new Table(slots, seed);
    table.joinMany(10);
    for (const [index, { who, what, bytes, ms }] of changes.entries()) {
      const peer = table.peers[who % Math.max(table.peers.length, 1)];
      if (what === 'join') table.join();
      else if (peer !== undefined) {
        if (what === 'go') table.peers.splice(table.peers.indexOf(peer), 1);
        if (what === 'interest') peer.isInterested = !peer.isInterested;
        if (what === 'snub') peer.isSnubbed = !peer.isSnubbed;
        if (what === 'give') peer.receivedBytes += bytes;
        if (what === 'take' && !peer.isChoked) peer.sentBytes += bytes;
      }
      table.nowMs += ms;
      table.isSeeding = index >= seedsFrom;
      look(table, table.choose());
    }
  }

  it('names only connected peers, no more than there are places, and leaves none free that is wanted', () => {
    fc.assert(
      fc.property(script, (made) => {
        const places = made.slots + Math.max(1, Math.floor(made.slots / 8));
        play(made, (table, chosen) => {
          const peers = [...chosen].map((number) => table.peers.find((peer) => peer.number === number));
          assert.ok(peers.every((peer) => peer !== undefined));
          const served = peers.filter((peer) => peer?.isInterested);
          const wanted = table.peers.filter(({ isInterested }) => isInterested).length;
          assert.ok(served.length >= Math.min(places, wanted), `${served.length} of ${wanted} for ${places} places`);
          assert.ok(peers.length <= places + made.slots, `${peers.length} for ${places} places`);
        });
      }),
    );
  });

  it('has no more interested peers than places while nobody is unchoked without interest', () => {
    fc.assert(
      fc.property(script, (made) => {
        const places = made.slots + Math.max(1, Math.floor(made.slots / 8));
        play({ ...made, changes: made.changes.filter(({ what }) => what !== 'give') }, (_table, chosen) => {
          assert.ok(chosen.size <= places, `${chosen.size} for ${places} places`);
        });
      }),
    );
  });

  it('lets nobody lose a place within 10 s who stays interested', () => {
    fc.assert(
      fc.property(script, (made) => {
        const sinceMs = new Map<Peer, number>();
        play(made, ({ peers, nowMs }) => {
          for (const peer of peers) {
            const since = sinceMs.get(peer);
            if (!peer.isChoked) sinceMs.set(peer, since ?? nowMs);
            else if (since !== undefined) {
              assert.ok(!peer.isInterested || nowMs - since >= 10_000, `choked after ${nowMs - since} ms`);
              sinceMs.delete(peer);
            }
          }
        });
      }),
    );
  });

  it('chooses the same under the same seed', () => {
    fc.assert(
      fc.property(script, (made) => {
        const choices = [0, 1].map(() => {
          const all: number[][] = [];
          play(made, (_table, chosen) => all.push([...chosen]));
          return all;
        });
        assert.deepEqual(choices[0], choices[1]);
      }),
      { numRuns: 30 },
    );
  });
});
