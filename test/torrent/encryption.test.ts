// Downloads with each policy of encryption, from peers on loopback that take only one way.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { download } from '../../src/torrent/download.ts';
import type { ByteStream } from '../../src/transport/byte-stream.ts';
import { acceptEncrypted, encryptOutgoing } from '../../src/transport/encrypted-stream.ts';
import { listenForPeers } from '../../src/transport/listener.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { dialTcp } from '../../src/transport/tcp.ts';
import type { EncryptionPolicy } from '../../src/wire/mse.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { FakeTracker } from '../support/tracker.ts';
import { decodeHandshake, encodeHandshake } from '../support/wire.ts';

const torrent = makeTorrent({ name: 'f', pieceLength: 64 * 1024, length: 1_000_000 });
const metainfo = parseTorrent(torrent.bytes);
const noSource = { code: 'no-source' };

/** What came to a peer that takes encrypted connections only. */
interface Front {
  readonly port: number;
  plain: number;
  encrypted: number;
  seeder: Seeder;
}

/** A seeder behind a door that lets nobody in who does not encrypt. */
async function strictSeeder(t: TestContext): Promise<Front> {
  const seeder = await Seeder.start({ torrent, rateBytesPerSecond: 4_000_000 });
  const listener = await listenForPeers(0, directNetwork, (stream) => {
    const inner = net.connect(seeder.port, seeder.host);
    const visitor = acceptEncrypted(stream, [torrent.infohash], 'require');
    let isShaken = false;
    visitor.start({
      bytesReceived(chunk) {
        if (!isShaken) front.encrypted++;
        isShaken = true;
        inner.write(Buffer.from(chunk));
      },
      drained() {},
      closed() {
        if (!isShaken) front.plain++;
        inner.destroy();
      },
    });
    visitor.resume();
    inner.on('data', (chunk) => visitor.send(chunk));
    inner.on('error', () => {});
    inner.on('close', () => visitor.close());
  });
  const front: Front = { port: listener.port, plain: 0, encrypted: 0, seeder };
  t.after(async () => {
    await seeder.close();
    await listener.close();
  });
  return front;
}

/** Downloads from one peer; `began` is called with the first verified piece. Rejects as the download does, and soon. */
async function downloadFrom(t: TestContext, port: number, encryption: EncryptionPolicy | undefined, began = (): void => {}): Promise<void> {
  const outputDir = scratchDirectory(t);
  const running = download(metainfo, {
    outputDir,
    localDiscovery: false,
    peers: [`127.0.0.1:${port}`],
    stallTimeoutMs: 2_000,
    ...(encryption !== undefined && { encryption }),
  });
  let pieces = 0;
  for await (const event of running) if (event.type === 'piece' && ++pieces === 1) began();
  await running.result;
  assert.ok(readFileSync(path.join(outputDir, 'f')).equals(torrent.read(0, torrent.totalLength)));
}

/** Says a BitTorrent handshake; resolves with the infohash of the answer, or undefined when there is none. */
function shakeHands(stream: ByteStream): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    stream.send(encodeHandshake(torrent.infohash, Buffer.from('-XX0001-abcdefghijkl'), { fast: false, extended: false }));
    stream.start({
      bytesReceived(chunk) {
        answer = Buffer.concat([answer, chunk]);
        if (answer.length < 68) return;
        resolve(decodeHandshake(answer)?.infohash.toString('hex'));
        stream.close();
      },
      drained() {},
      closed: () => resolve(undefined),
    });
    stream.resume();
  });
}

describe('encryption', () => {
  it('by default is tried with a peer that hangs up on a plain handshake, and remembered', async (t) => {
    const front = await strictSeeder(t);
    await downloadFrom(t, front.port, undefined, () => front.seeder.dropConnections());
    assert.deepEqual([front.plain, front.encrypted], [1, 2]);
  });

  it('where it is required is all that a peer ever sees', async (t) => {
    const front = await strictSeeder(t);
    await downloadFrom(t, front.port, 'require');
    assert.deepEqual([front.plain, front.encrypted], [0, 1]);
    const plain = await Seeder.start({ torrent });
    t.after(() => plain.close());
    await assert.rejects(downloadFrom(t, plain.port, 'require'), noSource);
    assert.deepEqual([plain.counts.connections > 0, plain.counts.handshakes], [true, 0]);
  });

  it('where it is off is never tried', async (t) => {
    const front = await strictSeeder(t);
    await assert.rejects(downloadFrom(t, front.port, 'off'), noSource);
    assert.deepEqual([front.plain > 0, front.encrypted], [true, 0]);
  });

  const accepted: readonly [EncryptionPolicy, plain: boolean, encrypted: boolean][] = [
    ['off', true, false],
    ['prefer', true, true],
    ['require', false, true],
  ];
  for (const [encryption, plain, encrypted] of accepted) {
    it(`of peers that connect to us is ${encrypted ? (plain ? 'accepted' : 'demanded') : 'refused'} with \`${encryption}\``, async (t) => {
      const tracker = await FakeTracker.start();
      t.after(() => tracker.close());
      const running = download(metainfo, { outputDir: scratchDirectory(t), localDiscovery: false, announce: [tracker.url], encryption });
      for await (const event of running) if (event.type === 'source') break;
      const port = Number(tracker.announces[0]?.query.get('port'));
      const ask = async (policy: EncryptionPolicy): Promise<boolean> => {
        const stream = await dialTcp({ host: '127.0.0.1', port }, directNetwork, new AbortController().signal);
        const infohash = await shakeHands(encryptOutgoing(stream, torrent.infohash, policy));
        return infohash === torrent.infohash.toString('hex');
      };
      assert.deepEqual([await ask('off'), await ask('require')], [plain, encrypted]);
      running.stop();
      await assert.rejects(running.result);
    });
  }
});
