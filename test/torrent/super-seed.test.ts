import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bitfield } from '../../src/support/bitfield.ts';
import { SuperSeed } from '../../src/torrent/super-seed.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const pieceCount = 20;

describe('super-seeding', () => {
  it('offers each peer one piece, each another one, and nothing else may be had', () => {
    const seed = new SuperSeed(pieceCount, seededRandom(1));
    const nothing = new Bitfield(pieceCount);
    const offers = [1, 2, 3, 4].map((peer) => seed.next(peer, nothing));
    assert.equal(new Set(offers).size, 4);
    assert.ok(seed.mayHave(2, offers[1] as number));
    assert.equal(seed.mayHave(2, offers[0] as number), false);
    assert.equal(seed.next(1, nothing), undefined, 'not before the first was passed on');
  });

  it('offers more to a peer whose piece was seen at another, not to one that keeps it', () => {
    const seed = new SuperSeed(pieceCount, seededRandom(2));
    const nothing = new Bitfield(pieceCount);
    const [first, second] = [seed.next(1, nothing), seed.next(2, nothing)];
    seed.pieceLearned(1, first as number);
    assert.equal(seed.next(1, nothing), undefined, 'its own word is not enough');
    seed.pieceLearned(2, first as number);
    assert.notEqual(seed.next(1, nothing), undefined);
    assert.equal(seed.next(2, nothing), undefined);
    assert.notEqual(second, first);
  });

  it('believes a peer that has nobody to pass its piece to, from the start or when the others go', () => {
    const seed = new SuperSeed(pieceCount, seededRandom(3));
    const has = new Bitfield(pieceCount);
    for (let count = 0; count < pieceCount; count++) {
      const piece = seed.next(1, has) as number;
      has.add(piece);
      seed.pieceLearned(1, piece);
    }
    assert.ok(has.isFull);
    const left = new SuperSeed(pieceCount, seededRandom(4));
    const nothing = new Bitfield(pieceCount);
    left.next(1, nothing);
    left.next(2, nothing);
    left.peerGone(2);
    assert.notEqual(left.next(1, nothing), undefined);
  });

  it('has a whole copy in a swarm of 30 after little more than that was sent', () => {
    const random = seededRandom(5);
    const seed = new SuperSeed(200, random);
    const peers = Array.from({ length: 30 }, (_, number) => ({ number, has: new Bitfield(200) }));
    let sent = 0;
    const copies = new Uint32Array(200);
    const learn = (peer: (typeof peers)[number], piece: number): void => {
      if (!peer.has.add(piece)) return;
      copies[piece] = (copies[piece] as number) + 1;
      seed.pieceLearned(peer.number, piece);
    };
    for (let round = 0; round < 2_000 && copies.includes(0); round++) {
      // The seed sends three pieces, each peer passes one on: what the one that gets it lacks and the fewest have.
      let slots = 3;
      for (const peer of peers) {
        if (slots === 0) break;
        const piece = seed.next(peer.number, peer.has);
        if (piece === undefined) continue;
        slots--;
        sent++;
        learn(peer, piece);
      }
      for (const peer of peers) {
        const other = peers[Math.floor(random.fraction() * peers.length)] as (typeof peers)[number];
        const wanted = [...peer.has].filter((piece) => !other.has.has(piece));
        const [rarest] = wanted.toSorted((one, two) => (copies[one] as number) - (copies[two] as number));
        if (rarest !== undefined) learn(other, rarest);
      }
    }
    assert.equal(copies.includes(0), false);
    assert.ok(sent <= 1.05 * 200, `${sent} pieces sent for a torrent of 200`);
  });
});
