import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, nearest } from '../../../src/cli/settings/did-you-mean.ts';

test('finds the word with a letter too many, too few, wrong or swapped', () => {
  const words = ['stall-timeout', 'deadline', 'plain', 'none', 'bar'];
  for (const [typed, meant] of [
    ['stal-timeout', 'stall-timeout'],
    ['stall-timeouts', 'stall-timeout'],
    ['Dedline', 'deadline'],
    ['plian', 'plain'],
    ['nane', 'none'],
  ] as const)
    assert.deepEqual(nearest(typed, words), [meant], typed);
});

test('names several that are equally near, and each once', () => {
  assert.equal(didYouMean('hat', ['cat', 'bat', 'cat', 'dog']), ' (Did you mean cat or bat?)');
});

test('says nothing when nothing is near, or when most of a short word would change', () => {
  assert.equal(didYouMean('frobnicate', ['stall-timeout', 'deadline']), '');
  assert.equal(didYouMean('xy', ['ab', 'xz', 'bar']), '');
  assert.equal(didYouMean('', ['a', 'bar']), '');
  assert.deepEqual(nearest('x'.repeat(100_000), ['deadline']), []);
});
