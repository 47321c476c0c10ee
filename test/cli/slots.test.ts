import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from '../../src/cli/slots.ts';

test('gives so many places, in the order of asking, each back once', async () => {
  const slots = new Slots(2);
  const taken: number[] = [];
  const frees = [1, 2, 3, 4].map((number) =>
    slots.take().then((free) => {
      taken.push(number);
      return free;
    }),
  );
  const first = (await frees[0]) as () => void;
  await frees[1];
  assert.deepEqual(taken, [1, 2]);
  first();
  first();
  await frees[2];
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(taken, [1, 2, 3]);
});
