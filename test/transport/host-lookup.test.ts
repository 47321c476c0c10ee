import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { dnsQueries, hostLookupOver, hostsFileAddresses, lookupHost } from '../../src/transport/host-lookup.ts';
import { deferred } from '../support/deferred.ts';
import { settle } from '../support/hand-clock.ts';

const never = new AbortController().signal;
const dnsError = (code: string): Error => Object.assign(new Error(code), { code });
const unused = (): Promise<never> => Promise.reject(new Error('not to be asked'));

const hosts = `# 192.0.2.9 tracker.example
127.0.0.1\tlocalhost
192.0.2.1  Tracker.Example alias # tracker.other
2001:db8::1 tracker.example
0.0.0.0 blocked.example
nonsense tracker.example
`;

test('a hosts file gives each name its addresses, in order, whatever the case', () => {
  assert.deepEqual(hostsFileAddresses(hosts, 'tracker.EXAMPLE'), ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(hostsFileAddresses(hosts, 'alias'), ['192.0.2.1']);
  assert.deepEqual(hostsFileAddresses(hosts, 'tracker.other'), []);
  assert.deepEqual(hostsFileAddresses(hosts, 'example'), []);
});

test('the hosts file comes before DNS', async () => {
  const lookup = hostLookupOver({ readHostsFile: async () => hosts, queryDns: unused, askSystem: unused });
  assert.deepEqual(await lookup('blocked.example', never), ['0.0.0.0']);
});

test('what DNS knows is not asked of the system', async () => {
  const lookup = hostLookupOver({ readHostsFile: async () => '', queryDns: async () => ['192.0.2.5'], askSystem: unused });
  assert.deepEqual(await lookup('t.example', never), ['192.0.2.5']);
});

test('a name server that does not answer is not asked again through the system', async () => {
  const lookup = hostLookupOver({ readHostsFile: async () => '', queryDns: () => Promise.reject(dnsError('ETIMEOUT')), askSystem: unused });
  await assert.rejects(lookup('t.example', never), { code: 'ETIMEOUT' });
});

test('what DNS does not know is asked of the system, one name at a time, and a failure holds up nobody', async () => {
  const asked: string[] = [];
  const first = deferred<string[]>();
  const lookup = hostLookupOver({
    readHostsFile: async () => '',
    queryDns: () => Promise.reject(dnsError('ENOTFOUND')),
    askSystem: (hostname) => {
      asked.push(hostname);
      return hostname === 'one.local' ? first.promise : Promise.resolve(['192.0.2.7']);
    },
  });
  const one = lookup('one.local', never);
  const two = lookup('two.local', never);
  await settle();
  assert.deepEqual(asked, ['one.local']);
  first.reject(dnsError('EAI_AGAIN'));
  await assert.rejects(one, { code: 'EAI_AGAIN' });
  assert.deepEqual(await two, ['192.0.2.7']);
});

test("a lookup that was given up rejects with the signal's reason", async () => {
  const controller = new AbortController();
  const queryDns = (): Promise<never> => {
    controller.abort(new Error('we stop'));
    return Promise.reject(dnsError('ECANCELLED'));
  };
  const lookup = hostLookupOver({ readHostsFile: async () => '', queryDns, askSystem: unused });
  await assert.rejects(lookup('t.example', controller.signal), { message: 'we stop' });
});

test('this machine knows itself', async () => {
  assert.ok((await lookupHost('localhost', never)).some((address) => address === '127.0.0.1' || address === '::1'));
});

/** A name server that answers with `addresses` (IPv4 only), with "no such name" when there are none, or not at all. */
async function serveDns(t: TestContext, addresses: readonly string[] | 'silence', onQuery = (): void => {}): Promise<string> {
  const socket = createSocket('udp4');
  t.after(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  socket.on('message', (query, from) => {
    onQuery();
    if (addresses !== 'silence') socket.send(dnsAnswer(query, addresses), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

/** The reply to a query of one question (RFC 1035, section 4): its id, flags, counts and question, then one record per address. */
function dnsAnswer(query: Buffer, addresses: readonly string[]): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const asksForIpv4 = query.readUInt16BE(questionEnd - 4) === 1;
  const records = (asksForIpv4 ? addresses : []).map((address) => {
    const nameTypeClassTtlLength = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
    return Buffer.from([...nameTypeClassTtlLength, ...address.split('.').map(Number)]);
  });
  const header = Buffer.from([0, 0, 0x81, addresses.length === 0 ? 0x83 : 0x80, 0, 1, 0, records.length, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  return Buffer.concat([header, query.subarray(12, questionEnd), ...records]);
}

test('asks a name server for addresses', async (t) => {
  const query = dnsQueries([await serveDns(t, ['192.0.2.1', '192.0.2.2'])]);
  assert.deepEqual((await query('t.example', never)).toSorted(), ['192.0.2.1', '192.0.2.2']);
});

test('a name that a name server does not know is said to be unknown', async (t) => {
  await assert.rejects(dnsQueries([await serveDns(t, [])])('t.example', never), { code: 'ENOTFOUND' });
});

test('a name server that says nothing is left at once when the lookup is given up', async (t) => {
  const controller = new AbortController();
  const server = await serveDns(t, 'silence', () => controller.abort());
  await assert.rejects(dnsQueries([server])('t.example', controller.signal), { code: 'ECANCELLED' });
});
