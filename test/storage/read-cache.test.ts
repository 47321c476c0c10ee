import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storageLimits } from '../../src/config.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { ReadCache } from '../../src/storage/read-cache.ts';
import { type Deferred, deferred } from '../support/deferred.ts';

const span = storageLimits.readCacheSpanBytes;

/** A cache over pieces whose bytes are the number of their piece plus that of their span. */
class Scene {
  readonly reads: { piece: number; offset: number; length: number }[] = [];
  gate: Deferred<void> | undefined;
  readonly cache: ReadCache;

  constructor(pieceLength: number, totalLength: number) {
    const files = [{ index: 0, path: ['f'], length: totalLength, torrentOffset: 0, pad: false, executable: false }];
    const pieceCount = Math.ceil(totalLength / pieceLength);
    this.cache = new ReadCache(new Geometry({ pieceCount, pieceLength, totalLength, files }), async (piece, offset, into) => {
      this.reads.push({ piece, offset, length: into.length });
      await this.gate?.promise;
      into.fill(piece + Math.floor(offset / span));
    });
  }

  /** Reads wait until the gate is settled. */
  holdReads(): Deferred<void> {
    return (this.gate = deferred());
  }

  async copy(piece: number, offset: number, length: number): Promise<Buffer> {
    const into = Buffer.alloc(length + 2);
    await this.cache.copy(piece, offset, length, into, 1);
    return into;
  }
}

const framed = (length: number, value: number): Buffer => Buffer.concat([Buffer.alloc(1), Buffer.alloc(length, value), Buffer.alloc(1)]);

describe('read cache', () => {
  it('reads a piece once, whole, and answers from memory after that, at once', async () => {
    const scene = new Scene(32_768, 100_000);
    assert.deepEqual(await scene.copy(3, 100, 1000), framed(1000, 3));
    const into = Buffer.alloc(10);
    assert.equal(scene.cache.copy(3, 0, 10, into, 0), undefined);
    assert.deepEqual(into, Buffer.alloc(10, 3));
    assert.deepEqual(scene.reads, [{ piece: 3, offset: 0, length: 100_000 - 3 * 32_768 }]);
  });

  it('reads a long piece in parts, and joins them', async () => {
    const scene = new Scene(4 * span, 6 * span);
    const bytes = await scene.copy(1, span - 3, 6);
    assert.deepEqual(bytes, Buffer.from([0, 1, 1, 1, 2, 2, 2, 0]));
    assert.deepEqual(
      scene.reads.map(({ offset }) => offset),
      [0, span],
    );
  });

  it('reads once for many who want the same, and keeps it until all have it', async () => {
    const scene = new Scene(span, 200 * span);
    scene.gate = deferred();
    const waiting = Array.from({ length: 20 }, () => scene.copy(5, 0, 100));
    scene.gate.resolve();
    for (const bytes of await Promise.all(waiting)) assert.deepEqual(bytes, framed(100, 5));
    assert.equal(scene.reads.length, 1);
  });

  it('stays within its bound, and forgets what was used longest ago', async () => {
    const most = storageLimits.readCacheBytes / span;
    const scene = new Scene(span, 200 * span);
    for (let piece = 0; piece < most; piece++) await scene.copy(piece, 0, 1);
    await scene.copy(0, 0, 1);
    await scene.copy(most, 0, 1);
    assert.equal(scene.reads.length, most + 1);
    await scene.copy(0, 0, 1);
    assert.equal(scene.reads.length, most + 1, 'piece 0 was used since');
    assert.deepEqual(await scene.copy(1, 0, 5), framed(5, 1));
    assert.equal(scene.reads.length, most + 2, 'piece 1 had made room');
  });

  it('tells everybody who waits that a read failed, and tries anew for the next', async () => {
    const scene = new Scene(span, 200 * span);
    scene.gate = deferred();
    const waiting = [scene.copy(5, 0, 100), scene.copy(5, 50, 100)];
    scene.gate.reject(new Error('a bad sector'));
    for (const outcome of await Promise.allSettled(waiting)) assert.equal(outcome.status, 'rejected');
    scene.gate = undefined;
    assert.deepEqual(await scene.copy(5, 0, 100), framed(100, 5));
  });

  it('reads no more at a time than it may keep, however much is asked for', async () => {
    const most = storageLimits.readCacheBytes / span;
    const scene = new Scene(span, 200 * span);
    const gate = scene.holdReads();
    const pieces = Array.from({ length: 190 }, (_, piece) => piece);
    const waiting = [...pieces, ...pieces].map((piece) => scene.copy(piece, 0, 5));
    assert.equal(scene.reads.length, most);
    gate.resolve();
    for (const [i, bytes] of (await Promise.all(waiting)).entries()) assert.deepEqual(bytes, framed(5, i % pieces.length));
  });

  it('lets go on who waits for room when the reads before fail', async () => {
    const most = storageLimits.readCacheBytes / span;
    const scene = new Scene(span, 200 * span);
    const gate = scene.holdReads();
    const waiting = Array.from({ length: most + 1 }, (_, piece) => scene.copy(piece, 0, 5));
    scene.gate = undefined;
    gate.reject(new Error('a bad sector'));
    const outcomes = await Promise.allSettled(waiting);
    assert.deepEqual(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });
});
