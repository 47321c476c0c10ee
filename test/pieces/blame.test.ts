import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireLimits } from '../../src/config.ts';
import { BlameBook } from '../../src/pieces/blame.ts';

const block = wireLimits.blockBytes;

describe('blame', () => {
  it('proves the guilt of a peer that sent a whole bad piece', () => {
    assert.equal(new BlameBook().failed(0, Int32Array.of(5, 5), new Uint8Array(2 * block)), 5);
  });

  it('blames nobody for a bad piece of several until the good one is known, and then only who sent other bytes', () => {
    const book = new BlameBook();
    const good = new Uint8Array(3 * block).fill(1);
    const bad = good.slice();
    bad[block + 5] = 2;
    assert.equal(book.failed(0, Int32Array.of(5, 6, 7), bad), undefined);
    assert.deepEqual(book.passed(0, good), new Set([6]));
    assert.deepEqual(book.passed(0, good), new Set(), 'the evidence is used once');
  });

  it('remembers every attempt', () => {
    const book = new BlameBook();
    const good = new Uint8Array(2 * block);
    const first = good.slice();
    first[0] = 1;
    const second = good.slice();
    second[block] = 1;
    book.failed(3, Int32Array.of(1, 2), first);
    book.failed(3, Int32Array.of(1, 4), second);
    assert.deepEqual(book.passed(3, good), new Set([1, 4]));
  });
});
