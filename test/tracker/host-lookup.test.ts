import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostLookupOver, hostsFileAddresses, lookupHost } from '../../src/tracker/host-lookup.ts';
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
