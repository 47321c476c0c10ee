import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { peerLimits } from '../../src/config.ts';
import { AddressBook } from '../../src/discovery/address-book.ts';
import { Dialler } from '../../src/torrent/dialler.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { formatEndpoint } from '../../src/support/endpoint.ts';
import type { ByteStream } from '../../src/transport/byte-stream.ts';
import { HandClock, settle } from '../support/hand-clock.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

/** More than may be dialled at once. */
const addressCount = 2 * peerLimits.dialsPerSecond + 5;

/** Dials `addressCount` servers on loopback while time stands still, until no dial is under way; returns how many were reached. */
async function dialAll(t: TestContext, clock: HandClock, isPeer: boolean): Promise<number> {
  const servers = await Promise.all(
    Array.from({ length: addressCount }, async () => {
      const server = net.createServer((socket) => socket.on('error', () => {}).resume());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.after(() => server.close());
      return server;
    }),
  );
  const book = new AddressBook(seededRandom(1));
  book.add(
    'user',
    servers.map((server) => ({ host: '127.0.0.1', port: (server.address() as net.AddressInfo).port })),
    true,
  );
  const streams: ByteStream[] = [];
  const dialler: Dialler = new Dialler(book, directNetwork, clock, (stream) => stream, {
    dialled(_, stream) {
      streams.push(stream);
      if (isPeer) dialler.answered();
    },
    dialFailed: (address, cause) => assert.fail(`${formatEndpoint(address.endpoint)}: ${cause.message}`),
  });
  for (dialler.dial(addressCount); dialler.count > 0; dialler.dial(addressCount)) await settle();
  for (const stream of streams) stream.close();
  await dialler.close();
  return streams.length;
}

describe('dialler', () => {
  it('connects to any number of living peers without waiting', async (t) => {
    assert.equal(await dialAll(t, new HandClock(), true), addressCount);
  });

  it('dials so many addresses a second, and as many at once, where no peer of the torrent answers', async (t) => {
    assert.equal(await dialAll(t, new HandClock(), false), peerLimits.dialsPerSecond);
  });
});
