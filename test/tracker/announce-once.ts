// Announces once to the URL in its argument and prints how that went: run as a process of its own, since Node reads the certificates that
// it trusts (NODE_EXTRA_CA_CERTS) when it starts. TEST_PROXY names a proxy of HTTP to go through, even to this machine.

import { HttpTrackerClient } from '../../src/tracker/http-tracker.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { parseProxy } from '../../src/transport/proxy.ts';

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

const typedProxy = process.env['TEST_PROXY'];
const proxy = typedProxy === undefined ? undefined : parseProxy(typedProxy, 'TEST_PROXY', ['http']);
const client = new HttpTrackerClient({ network: { ...directNetwork, httpProxyFor: () => proxy } });
const announce = client.announce(process.argv[2] ?? '', request, new AbortController().signal);
console.log(
  await announce.then(
    ({ peers }) => `${peers.length} peer`,
    (error: Error) => `${error.name}: ${error.message}`,
  ),
);
