// Announces once to the URL in its argument and prints how that went: run as a process of its own, since Node reads the certificates that
// it trusts (NODE_EXTRA_CA_CERTS) when it starts.

import { HttpTrackerClient } from '../../src/tracker/http-tracker.ts';

const request = {
  infohash: new Uint8Array(20),
  peerId: new Uint8Array(20),
  port: 6881,
  uploaded: 0,
  downloaded: 0,
  left: 1,
  event: undefined,
  numwant: 1,
  key: '00000000',
  trackerId: undefined,
};

const announce = new HttpTrackerClient().announce(process.argv[2] ?? '', request, new AbortController().signal);
console.log(
  await announce.then(
    ({ peers }) => `${peers.length} peer`,
    (error: Error) => `${error.name}: ${error.message}`,
  ),
);
