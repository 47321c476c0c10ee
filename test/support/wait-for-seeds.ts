// A program: `wait-for-seeds.js HOST:PORT/[INFOHASH]...`. Ends with 0 as soon as every peer named answers that it has all pieces of that
// torrent, which real clients take their time to find out, or without an infohash listens; with 1 after a minute. It runs inside the private
// network.

import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeHandshake, FrameReader, handshakeLength, messageIds } from './wire.ts';

const giveUpMs = performance.now() + 60_000;
await Promise.all(process.argv.slice(2).map(waitForSeed));

async function waitForSeed(seed: string): Promise<void> {
  const [, host = '', port = '', infohash = ''] = /^(.*):(.*)\/(.*)$/.exec(seed) ?? [];
  while (!(await isSeeded(host, Number(port), Buffer.from(infohash, 'hex')))) {
    if (performance.now() > giveUpMs) {
      console.error(`not seeded: ${seed}`);
      process.exit(1);
    }
    await sleep(50);
  }
}

/** Whether the peer's first word about its pieces is that it has all. */
async function isSeeded(host: string, port: number, infohash: Buffer): Promise<boolean> {
  const socket = net.connect({ host, port });
  const timeout = setTimeout(() => socket.destroy(), 5_000);
  try {
    if (infohash.length === 0) return await once(socket, 'connect').then(() => true);
    socket.write(encodeHandshake(infohash, Buffer.from('-XX0001-wait4seeds..'), { fast: true, extended: false }));
    const reader = new FrameReader();
    let isShaken = false;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      reader.push(chunk);
      isShaken ||= reader.takeBytes(handshakeLength) !== undefined;
      if (!isShaken) continue;
      for (let frame = reader.takeFrame(); frame !== undefined; frame = reader.takeFrame()) {
        if (frame.id === messageIds.haveAll) return true;
        if (frame.id === messageIds.bitfield) return isFull(frame.payload);
        if (frame.id === messageIds.haveNone) return false;
      }
    }
    return false;
  } catch {
    return false; // not listening yet, or it does not know the torrent yet
  } finally {
    clearTimeout(timeout);
    socket.destroy();
    if (!socket.closed) await once(socket, 'close');
  }
}

/** All bits are set; the last byte has spare ones. */
function isFull(bitfield: Buffer): boolean {
  return (
    bitfield.subarray(0, -1).every((byte) => byte === 0xff) &&
    [0xff, 0xfe, 0xfc, 0xf8, 0xf0, 0xe0, 0xc0, 0x80].includes(bitfield.at(-1) ?? 0)
  );
}
