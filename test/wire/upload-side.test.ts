import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireLimits } from '../../src/config.ts';
import type { BlockRange } from '../../src/wire/messages.ts';
import { OutgoingBytes } from '../../src/wire/outgoing-bytes.ts';
import { UploadSide } from '../../src/wire/upload-side.ts';

const block = (pieceIndex: number, index = 0, length: number = wireLimits.blockBytes): BlockRange => ({
  pieceIndex,
  blockOffset: index * wireLimits.blockBytes,
  length,
});

/** The upload side of a peer with the fast extension, unchoked unless said otherwise. */
class Scene {
  readonly outgoing = new OutgoingBytes();
  readonly held = new Set([0, 1, 2]);
  interestChanges = 0;
  readonly side: UploadSide;

  constructor({ isFast = true, isChoked = false } = {}) {
    this.side = new UploadSide(this.outgoing, {
      mayHave: (piece) => this.held.has(piece),
      interestChanged: () => this.interestChanges++,
    });
    this.side.isFast = isFast;
    this.side.setChoked(isChoked);
    this.sent();
  }

  /** Ids and payloads of what was sent, as hex. */
  sent(): string {
    return Buffer.from(this.outgoing.take() ?? []).toString('hex');
  }
}

const rejectOf = (piece: number, index = 0): string =>
  `0000000d10${piece.toString(16).padStart(8, '0')}${(index * wireLimits.blockBytes).toString(16).padStart(8, '0')}00004000`;

describe('what a peer asks of us', () => {
  it('waits in order until it is taken, a batch at a time and at least one block', () => {
    const { side } = new Scene();
    for (const request of [block(1), block(0, 1), block(0)]) side.requestReceived(request);
    assert.equal(side.waiting, 3);
    assert.deepEqual(side.take(2 * wireLimits.blockBytes), [block(1), block(0, 1)]);
    assert.deepEqual(side.take(1), [block(0)]);
    assert.deepEqual(side.take(1), []);
  });

  it('counts as a usual block when it is shorter, since it costs the disk as much', () => {
    const { side } = new Scene();
    const short = [0, 1, 2].map((piece) => ({ ...block(piece), length: 1 }));
    for (const request of short) side.requestReceived(request);
    assert.deepEqual(side.take(2 * wireLimits.blockBytes), short.slice(0, 2));
  });

  it('is refused while we choke, by word with the fast extension, else by silence', () => {
    const fast = new Scene({ isChoked: true });
    fast.side.requestReceived(block(0));
    assert.equal(fast.sent(), rejectOf(0));
    const plain = new Scene({ isFast: false, isChoked: true });
    plain.side.requestReceived(block(0));
    assert.equal(plain.sent(), '');
    assert.deepEqual([fast.side.waiting, plain.side.waiting, fast.side.refused, plain.side.refused], [0, 0, 1, 1]);
  });

  it('is refused for a piece that we do not offer, and when it comes twice', () => {
    const scene = new Scene();
    scene.side.requestReceived(block(7));
    scene.side.requestReceived(block(0));
    scene.side.requestReceived(block(0));
    assert.equal(scene.sent(), rejectOf(7) + rejectOf(0));
    assert.equal(scene.side.waiting, 1);
  });

  it('is refused beyond what may wait', () => {
    const { side } = new Scene();
    for (let i = 0; i < wireLimits.requestsWaiting + 10; i++) side.requestReceived(block(0, i));
    assert.deepEqual([side.waiting, side.refused], [wireLimits.requestsWaiting, 10]);
  });

  it('is answered with a reject when it is cancelled, and not at all when it is gone already', () => {
    const scene = new Scene();
    scene.side.requestReceived(block(0));
    scene.side.requestReceived(block(1));
    scene.side.cancelReceived(block(0));
    assert.equal(scene.sent(), rejectOf(0));
    assert.deepEqual(scene.side.take(1), [block(1)]);
    scene.side.cancelReceived(block(1));
    assert.equal(scene.sent(), '');
  });

  it('is taken back by a choke, but for pieces that are allowed all the same', () => {
    const scene = new Scene();
    scene.side.allowFast([2]);
    assert.equal(scene.sent(), '000000051100000002');
    for (const piece of [0, 1, 2]) scene.side.requestReceived(block(piece));
    scene.side.setChoked(true);
    assert.equal(scene.sent(), `0000000100${rejectOf(0)}${rejectOf(1)}`);
    scene.side.requestReceived(block(2, 1));
    assert.deepEqual(scene.side.take(wireLimits.blockBytes * 9), [block(2), block(2, 1)]);
  });

  it('tells of interest when it changes only', () => {
    const scene = new Scene();
    for (const isInterested of [false, true, true, false]) scene.side.interestReceived(isInterested);
    assert.deepEqual([scene.interestChanges, scene.side.isInterested], [2, false]);
  });
});
