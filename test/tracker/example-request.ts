// An announce as a download makes it first, for tests of the ways to a tracker.

import type { AnnounceRequest } from '../../src/tracker/tracker-client.ts';

export const exampleRequest: AnnounceRequest = {
  infohash: Buffer.alloc(20, 0xab),
  peerId: Buffer.from('-tN0100-abcdefghijkl', 'latin1'),
  port: 6881,
  uploaded: 0,
  downloaded: 0,
  left: 1000,
  event: 'started',
  numwant: 50,
  key: '00ff00ff',
  trackerId: undefined,
};
