// A torrent, and a server of the internet, that would have us talk to this machine or its link, in every spelling: nobody here is asked
// (row V9 of the catalogue of hostile input).

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { download } from '../../src/torrent/download.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { serveHttp } from '../tracker/loopback-server.ts';

const ipv4 = [
  ...[
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '017700000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.0.1',
    '127.0.0.1.',
    '0x7F.0x0.0x0.0x1',
  ],
  ...['%31%32%37.0.0.1', '127%2e0%2e0%2e1', '１２７.０.０.１', '127。0。0。1', '127.00000.0.01', '127.127.127.127', '0', '0.0.0.0', '0x0'],
  ...['user:password@127.0.0.1', 'public.example@127.0.0.1', '169.254.169.254', '2852039166'],
];
const ipv6 = [
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]'],
  ...['[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[fe80::1]', '[::ffff:169.254.169.254]'],
];
const names = ['localhost', 'LOCALHOST', 'localhost.', 'loc%61lhost', 'ⓛocalhost', 'a.localhost', 'localhost.localdomain', 'ip6-localhost'];
const spellings = [...ipv4, ...ipv6, ...names];

/** Somebody on a port of this machine, over TCP and UDP, IPv4 and IPv6, who is not to be asked anything. */
async function startCanary(t: TestContext): Promise<{ readonly port: number; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).destroy();
    heard.push('a connection');
  });
  server.listen(0, '::');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const udp = createSocket('udp6').on('message', () => heard.push('a datagram'));
  udp.bind(port);
  await once(udp, 'listening');
  t.after(() => {
    server.close();
    udp.close();
  });
  return { port, heard };
}

/** Runs a torrent that names `urls` until it has nobody to ask. */
async function runWith(t: TestContext, root: Record<string, unknown>, variables: Record<string, string>): Promise<void> {
  const { bytes } = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 100_000, root: root as never });
  const options = { outputDir: scratchDirectory(t), stallTimeoutMs: 1_500, localDiscovery: false, fsync: false, network: { variables } };
  await assert.rejects(download(parseTorrent(bytes), options).result, { name: 'IncompleteError' });
}

for (const behind of ['directly', 'behind a proxy']) {
  test(`V9: no web seed, and no tracker but one that is openly here, leads to this machine, ${behind}`, async (t) => {
    const { port, heard } = await startCanary(t);
    const proxy = await serveHttp(t, (_, response) => response.writeHead(502).end());
    const variables = behind === 'directly' ? {} : { http_proxy: `http://127.0.0.1:${proxy.port}` };
    const urls = spellings.map((host) => `http://${host}:${port}/status`);
    urls.push(`HTTP:\\\\127.0.0.1:${port}\\`, `http:/127.0.0.1:${port}/`, `http:127.0.0.1:${port}`, `http://127.0.0.1:${port}/x?/announce`);
    await runWith(t, { announce: urls[0], 'announce-list': [urls] }, variables);
    for (let at = 0; at < urls.length; at += 30) {
      const some = urls.slice(at, at + 30);
      await runWith(t, { 'url-list': some, httpseeds: some.map((url) => url.replace('status', 'seed')) }, variables);
    }
    // Names hide where they lead, UDP has no paths.
    await runWith(
      t,
      { 'announce-list': [names.filter((name) => name !== 'LOCALHOST' && name !== 'localhost').map((host) => `udp://${host}:${port}/`)] },
      variables,
    );
    assert.deepEqual(heard, []);
    assert.deepEqual(
      proxy.targets.filter((target) => !/localdomain|ip6-localhost/.test(target)),
      [],
    );
  });
}

test('V9: no redirect of the internet leads to this machine', async (t) => {
  const { port, heard } = await startCanary(t);
  const locations = spellings.map((host) => `http://${host}:${port}/`);
  let next = 0;
  const proxy = await serveHttp(t, (_, response) =>
    response.writeHead(302, { location: encodeURI(locations[next++ % locations.length] ?? '') }).end(),
  );
  const variables = { http_proxy: `http://127.0.0.1:${proxy.port}` };
  const numbers = [...spellings.keys()];
  await runWith(t, { 'announce-list': [numbers.map((number) => `http://t${number}.example/announce`)] }, variables);
  for (let at = 0; at < numbers.length; at += 30) {
    await runWith(t, { 'url-list': numbers.slice(at, at + 30).map((number) => `http://w${number}.example/`) }, variables);
  }
  assert.deepEqual(heard, []);
  assert.ok(next > spellings.length, `${next} redirects`);
  assert.deepEqual(
    proxy.targets.filter((target) => !/\.example\/|localdomain|ip6-localhost/.test(target)),
    [],
  );
});
