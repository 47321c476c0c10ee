import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { InputError, NetworkError } from '../../src/errors.ts';
import type { ByteStream } from '../../src/transport/byte-stream.ts';
import { listenForPeers } from '../../src/transport/listener.ts';
import { directNetwork } from '../../src/transport/network.ts';
import { dialTcp } from '../../src/transport/tcp.ts';

const never = new AbortController().signal;

/** Gathers what a stream delivers until it closes. */
function gather(stream: ByteStream): Promise<{ bytes: Buffer; cause: Error | undefined }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    stream.start({
      bytesReceived: (chunk) => chunks.push(Buffer.from(chunk)),
      drained() {},
      closed: (cause) => resolve({ bytes: Buffer.concat(chunks), cause }),
    });
    stream.resume();
  });
}

async function server(onSocket: (socket: net.Socket) => void, host = '127.0.0.1'): Promise<{ port: number; close: () => void }> {
  const listening = net.createServer(onSocket).listen(0, host);
  await once(listening, 'listening');
  const address = listening.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { port: address.port, close: () => listening.close() };
}

describe('tcp transport', () => {
  it('delivers every byte of several connections that share one receive buffer', async () => {
    const contents = [1, 2, 3].map((seed) => Buffer.alloc(3_000_000, `${seed}abcdefg`));
    let next = 0;
    const { port, close } = await server((socket) => socket.end(contents[next++] ?? ''));
    const streams = [];
    for (let i = 0; i < 3; i++) streams.push(await dialTcp({ host: '127.0.0.1', port }, directNetwork, never));
    const received = await Promise.all(streams.map(gather));
    assert.deepEqual(received.map(({ bytes }) => bytes.subarray(0, 8).toString()).sort(), ['1abcdefg', '2abcdefg', '3abcdefg']);
    for (const { bytes } of received) assert.ok(contents.some((content) => content.equals(bytes)));
    close();
  });

  it('delivers nothing before the first resume', async () => {
    const { port, close } = await server((socket) => socket.write('hello'));
    const stream = await dialTcp({ host: '127.0.0.1', port }, directNetwork, never);
    const heard: string[] = [];
    let arrived: () => void = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    stream.start({
      bytesReceived(chunk) {
        heard.push(Buffer.from(chunk).toString());
        arrived();
      },
      drained() {},
      closed() {},
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heard, []);
    stream.resume();
    await arrival;
    assert.deepEqual(heard, ['hello']);
    stream.close();
    close();
  });

  it('says what failed when the connection is refused', async () => {
    const { port, close } = await server(() => {});
    close();
    await assert.rejects(dialTcp({ host: '127.0.0.1', port }, directNetwork, never), (error: Error) => {
      assert.ok(error instanceof NetworkError);
      assert.equal(error.message, `connecting to 127.0.0.1:${port}: ECONNREFUSED`);
      return true;
    });
  });

  it('stops dialling when aborted', async () => {
    const { port, close } = await server(() => {});
    const reason = new Error('enough');
    await assert.rejects(dialTcp({ host: '127.0.0.1', port }, directNetwork, AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    const dialled = dialTcp({ host: '127.0.0.1', port }, directNetwork, controller.signal);
    controller.abort(reason);
    await assert.rejects(dialled, reason);
    close();
  });

  it('reports a reset with its cause, and an end without', async () => {
    const { port, close } = await server((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const stream = await dialTcp({ host: '127.0.0.1', port }, directNetwork, never);
    stream.send(Buffer.from('x'));
    const { cause } = await gather(stream);
    assert.ok(cause instanceof NetworkError, String(cause));
    close();
    const polite = await server((socket) => socket.end());
    assert.equal((await gather(await dialTcp({ host: '127.0.0.1', port: polite.port }, directNetwork, never))).cause, undefined);
    polite.close();
  });

  it('accepts peers over IPv4 and IPv6 on one port', async () => {
    const remotes: string[] = [];
    const listener = await listenForPeers(0, directNetwork, (stream) => {
      remotes.push(stream.remote.host);
      stream.send(Buffer.from('welcome'));
      void gather(stream);
    });
    for (const host of ['127.0.0.1', '::1']) {
      const socket = net.connect(listener.port, host);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      assert.equal(chunk.toString(), 'welcome');
      socket.destroy();
    }
    assert.deepEqual(remotes, ['127.0.0.1', '::1']);
    await listener.close();
  });

  it('refuses a port that is taken, and finds another when none was named', async () => {
    const first = await listenForPeers(undefined, directNetwork, () => {});
    await assert.rejects(
      listenForPeers(first.port, directNetwork, () => {}),
      (error: unknown) => {
        assert.ok(error instanceof InputError && error.code === 'bad-argument', String(error));
        assert.equal(error.message, `listening for peers on port ${first.port}: another program listens there`);
        return true;
      },
    );
    const second = await listenForPeers(undefined, directNetwork, () => {});
    assert.notEqual(second.port, first.port);
    await first.close();
    await second.close();
  });
});
