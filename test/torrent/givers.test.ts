// Peers and web seeds under one rate limit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Givers } from '../../src/torrent/givers.ts';
import type { Swarm } from '../../src/torrent/swarm.ts';
import type { WebSeeds } from '../../src/webseed/web-seeds.ts';

test('web seeds are read first as often as each peer, since the first may use up a rate alone', () => {
  const resumed: string[] = [];
  const swarm = { ready: { size: 3 }, resume: () => void resumed.push('peers') };
  const webSeeds = { resume: () => void resumed.push('web') };
  const givers = new Givers(swarm as unknown as Swarm, webSeeds as unknown as WebSeeds);
  for (let turn = 0; turn < 8; turn++) givers.resume('rate');
  const first = resumed.filter((_, index) => index % 2 === 0);
  assert.equal(first.filter((giver) => giver === 'web').length, 2);
  assert.equal(resumed.length, 16);
});
