// A program that runs inside the network of a benchmark: a tracker, and a shaped link before each seeder that is to have one. Its one
// argument is JSON (`NetworkPlan`). Prints "tracker URL", then "ready"; ends when its standard input is closed.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { bencode } from '../../test/support/make-torrent.ts';
import { type LinkShape, openLink } from '../shaped-link.ts';

/** What the network consists of. */
export interface NetworkPlan {
  readonly trackerAddress: string;
  /** Named by the tracker as they are. */
  readonly peers: readonly Peer[];
  /** Links whose near ends are named by the tracker. */
  readonly links: readonly LinkShape[];
  /** Leechers are named to each other, too, at the address from which they announce. */
  readonly namesLeechers: boolean;
}

interface Peer {
  readonly host: string;
  readonly port: number;
}

const plan = JSON.parse(process.argv[2] ?? '') as NetworkPlan;
const linkEnds = await Promise.all(plan.links.map(async (link) => ({ host: link.address, port: await openLink(link) })));
const seeds = [...plan.peers, ...linkEnds];
const leechers = new Map<string, Peer>();
const server = http.createServer((request, response) => {
  const others = plan.namesLeechers ? othersThan(request.url ?? '', request.socket.remoteAddress ?? '') : [];
  const peers = compact([...seeds, ...others]);
  response.end(bencode({ interval: 5, 'min interval': 1, complete: seeds.length, incomplete: leechers.size, peers }));
});
server.listen(0, plan.trackerAddress);
await once(server, 'listening');
console.log(`tracker http://${plan.trackerAddress}:${(server.address() as AddressInfo).port}/announce`);
console.log('ready');
process.stdin.on('end', () => process.exit()).resume();

/** The other leechers; notes the one that announces. */
function othersThan(query: string, host: string): Peer[] {
  const port = Number(/[?&]port=(\d+)/.exec(query)?.[1]);
  const peerId = /[?&]peer_id=([^&]*)/.exec(query)?.[1] ?? '';
  if (port > 0) leechers.set(peerId, { host, port });
  return [...leechers].flatMap(([id, peer]) => (id === peerId ? [] : [peer]));
}

/** BEP 23. */
function compact(peers: readonly Peer[]): Buffer {
  return Buffer.concat(peers.map(({ host, port }) => Buffer.from([...host.split('.').map(Number), port >> 8, port & 0xff])));
}
