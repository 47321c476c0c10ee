import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peerLimits } from '../../src/config.ts';
import { AddressBook } from '../../src/discovery/address-book.ts';
import type { Endpoint } from '../../src/support/endpoint.ts';
import { systemRandom } from '../../src/support/random.ts';

const at = (host: string, port = 6881): Endpoint => ({ host, port });
const book = (): AddressBook => new AddressBook(systemRandom);
/** Everything that may be dialled at this time. */
function drain(addresses: AddressBook, nowMs: number): string[] {
  const dialled: string[] = [];
  for (let next = addresses.next(nowMs); next !== undefined; next = addresses.next(nowMs))
    dialled.push(`${next.endpoint.host}:${next.endpoint.port}`);
  return dialled.sort();
}

describe('address book', () => {
  it('gives each address once', () => {
    const addresses = book();
    assert.equal(addresses.add('tracker', [at('8.8.8.8'), at('9.9.9.9'), at('8.8.8.8')], false), 2);
    assert.deepEqual(drain(addresses, 0), ['8.8.8.8:6881', '9.9.9.9:6881']);
  });

  it('leaves out addresses that cannot be a peer, and local ones that a stranger names', () => {
    const addresses = book();
    const unusable = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1'].map((host) => at(host));
    const local = ['127.0.0.1', '169.254.169.254', '::1', 'fe80::1'].map((host) => at(host));
    assert.equal(addresses.add('tracker', [...unusable, ...local], false), 0);
    assert.equal(addresses.add('user', unusable, true), 0);
    assert.equal(addresses.add('user', local, true), 4);
  });

  it('keeps no more than its limit', () => {
    const addresses = book();
    const flood = Array.from({ length: 70_000 }, (_, index) => at(`8.${index >> 16}.${(index >> 8) & 255}.${index & 255}`));
    assert.equal(addresses.add('tracker', flood, false), peerLimits.addresses);
  });

  it('connects to one host at most four times at once, whatever ports a stranger names; loopback has no such bound', () => {
    const addresses = book();
    addresses.add(
      'tracker',
      Array.from({ length: 1000 }, (_, index) => at('8.8.8.8', index + 1)),
      false,
    );
    assert.equal(drain(addresses, 0).length, peerLimits.perAddress);
    assert.equal(addresses.size, peerLimits.perAddress, 'and later no other ports of it');
    const local = book();
    local.add(
      'user',
      Array.from({ length: 10 }, (_, index) => at('127.0.0.1', index + 1)),
      true,
    );
    assert.equal(drain(local, 0).length, 10);
  });

  it('returns soon to a peer that served, later to one that did not, and gives up after three failures', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    const first = addresses.next(0);
    assert.ok(first !== undefined);
    addresses.ended(first, true, 0);
    assert.equal(addresses.next(400), undefined);
    assert.ok(addresses.next(600));
    let nowMs = 1000;
    for (let failure = 0; failure < 3; failure++) {
      addresses.ended(first, false, nowMs);
      assert.equal(addresses.next(nowMs + 29_000), undefined, 'at most twice a minute');
      nowMs += 1_000_000;
      if (failure < 2) assert.ok(addresses.next(nowMs));
    }
    assert.equal(addresses.next(nowMs), undefined);
    assert.equal(addresses.hasProspects, false);
    addresses.add('tracker', [at('8.8.8.8')], false);
    assert.ok(addresses.next(nowMs), 'named again, tried again');
  });

  it('proposes the other way to a peer that hangs up: encrypted at once, plain again later, and keeps to what worked', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    const address = addresses.next(0);
    assert.ok(address !== undefined);
    assert.equal(address.isEncrypted, false);
    addresses.unanswered(address, true, 0);
    assert.equal(addresses.next(0)?.isEncrypted, true);
    addresses.ended(address, true, 0);
    assert.equal(addresses.next(1_000)?.isEncrypted, true, 'it worked');
    addresses.unanswered(address, true, 1_000);
    assert.equal(addresses.next(30_000), undefined, 'that is a failure');
    assert.equal(addresses.next(31_000)?.isEncrypted, false);
  });

  it('returns to plain when a peer is silent', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    for (const [nowMs, hungUp, wasEncrypted] of [
      [0, false, false],
      [30_000, true, false],
      [30_000, false, true],
      [90_000, false, false],
    ] as const) {
      const address = addresses.next(nowMs);
      assert.ok(address !== undefined);
      assert.equal(address.isEncrypted, wasEncrypted);
      addresses.unanswered(address, hungUp, nowMs);
    }
  });

  it('gives up on a peer that hangs up three times both ways', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    const tried: boolean[] = [];
    for (let nowMs = 0; addresses.hasProspects; nowMs += 1_000_000) {
      for (let next = addresses.next(nowMs); next !== undefined; next = addresses.next(nowMs)) {
        tried.push(next.isEncrypted);
        addresses.unanswered(next, true, nowMs);
      }
    }
    assert.deepEqual(tried, [false, true, false, true, false, true]);
  });

  it('proposes one way only where the policy leaves no choice', () => {
    for (const encryption of ['off', 'require'] as const) {
      const addresses = new AddressBook(systemRandom, encryption);
      addresses.add('user', [at('8.8.8.8')], true);
      for (let nowMs = 0; nowMs < 10_000_000; nowMs += 1_000_000) {
        const address = addresses.next(nowMs);
        assert.ok(address !== undefined);
        assert.equal(address.isEncrypted, encryption === 'require');
        addresses.unanswered(address, true, nowMs);
        assert.equal(addresses.next(nowMs), undefined);
      }
    }
  });

  it('never gives up on what the user typed', () => {
    const addresses = book();
    addresses.add('user', [at('8.8.8.8')], true);
    for (let nowMs = 0; nowMs < 10; nowMs++) {
      const address = addresses.next(nowMs * 1_000_000);
      assert.ok(address !== undefined);
      addresses.ended(address, false, nowMs * 1_000_000);
    }
  });

  it('prefers peers that have served and those that failed least', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.1'), at('8.8.8.2'), at('8.8.8.3')], false);
    const [one, two, three] = [addresses.next(0), addresses.next(0), addresses.next(0)];
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    addresses.ended(one, false, 0);
    addresses.ended(two, true, 0);
    addresses.ended(three, false, 0);
    assert.equal(addresses.next(10_000_000)?.number, two.number);
  });

  it('never uses a banned host again; on loopback the port counts', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    const guilty = addresses.next(0);
    assert.ok(guilty !== undefined);
    addresses.ban(guilty);
    assert.equal(addresses.add('tracker', [at('8.8.8.8', 7000)], false), 0);
    assert.equal(addresses.accept(at('8.8.8.8', 7001)), undefined);
    addresses.add('user', [at('127.0.0.1', 1), at('127.0.0.1', 2)], true);
    const local = addresses.next(0);
    assert.ok(local !== undefined);
    addresses.ban(local);
    assert.equal(drain(addresses, 0).length, 1);
    assert.equal(addresses.bannedCount, 2);
  });

  it('is not filled by connections that come and go: sources still find room', () => {
    const addresses = book();
    for (let port = 1; port <= 10_000; port++) {
      const incoming = addresses.accept(at('127.0.0.9', port));
      if (incoming !== undefined) addresses.ended(incoming, false, 0);
    }
    assert.equal(addresses.size, 0);
    assert.equal(addresses.add('tracker', [at('8.8.8.8')], false), 1);
  });

  it('takes a new address in the place of one that it gave up, and of no other', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    for (let failure = 0; failure < peerLimits.failures; failure++) {
      const dead = addresses.next(failure * 1_000_000);
      assert.ok(dead !== undefined);
      addresses.ended(dead, false, failure * 1_000_000);
    }
    const others = Array.from({ length: peerLimits.addresses - 1 }, (_, index) => at(`11.0.${index >> 8}.${index & 255}`));
    assert.equal(addresses.add('tracker', others, false), others.length);
    assert.equal(addresses.add('tracker', [at('9.9.9.9')], false), 0, 'it may not be dialled again as yet');
    addresses.dueCount(peerLimits.failures * 1_000_000);
    assert.equal(addresses.add('tracker', [at('9.9.9.9'), at('9.9.9.8')], false), 1);
    assert.equal(addresses.size, peerLimits.addresses);
    assert.equal(addresses.add('tracker', [at('8.8.8.8')], false), 0);
  });

  it('takes a peer that connects to us once, and does not dial its port back', () => {
    const addresses = book();
    const incoming = addresses.accept(at('8.8.8.8', 50_000));
    assert.ok(incoming !== undefined);
    assert.equal(addresses.accept(at('8.8.8.8', 50_000)), undefined);
    addresses.ended(incoming, true, 0);
    assert.equal(addresses.next(10_000_000), undefined);
  });

  it('neither names nor takes who is blocked, and counts the hosts', () => {
    const isBlocked = (host: string): boolean => host.startsWith('9.9.9.');
    const addresses = new AddressBook(systemRandom, 'prefer', { canReach: () => true, isBlocked });
    assert.equal(addresses.add('user', [at('9.9.9.9'), at('9.9.9.9', 2), at('8.8.8.8')], true), 1);
    assert.equal(addresses.accept(at('9.9.9.8', 50_000)), undefined);
    assert.deepEqual([addresses.size, addresses.blockedCount], [1, 2]);
    for (let host = 0; host < 10_000; host++) addresses.accept(at('9.9.9.9', 1 + host));
    assert.equal(addresses.blockedCount, 2);
  });

  it('leaves out a family that is not used', () => {
    const canReach = (host: string): boolean => !host.includes(':');
    const addresses = new AddressBook(systemRandom, 'prefer', { canReach, isBlocked: () => false });
    assert.equal(addresses.add('tracker', [at('2001:db8::1'), at('8.8.8.8')], false), 1);
    assert.equal(addresses.blockedCount, 0);
  });

  it('lets no peer name more than 50 of what is known, or a quarter of it', () => {
    const addresses = book();
    const of = (network: number, count: number): Endpoint[] =>
      Array.from({ length: count }, (_, index) => at(`${network}.0.${index >> 8}.${index & 255}`));
    assert.equal(addresses.add('pex', of(11, 1000), false, 'a'), 50);
    assert.equal(addresses.add('pex', of(12, 1000), false, 'a'), 0);
    assert.equal(addresses.add('pex', of(13, 1000), false, 'b'), 50, 'another one may');
    addresses.add('tracker', of(14, 700), false);
    assert.equal(addresses.add('pex', of(12, 1000), false, 'a'), 199, '249 of 999');
  });

  it('dials privileged ports last, but for those that the user typed', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8', 22), at('9.9.9.9', 1023), at('7.7.7.7', 1024)], false);
    assert.equal(addresses.next(0)?.endpoint.port, 1024);
    addresses.add('user', [at('6.6.6.6', 80)], true);
    assert.equal(addresses.next(0)?.endpoint.port, 80);
    assert.deepEqual(drain(addresses, 0), ['8.8.8.8:22', '9.9.9.9:1023']);
  });

  it('dials in the order of BEP 40 once our address is known, and both families in turn', () => {
    const addresses = book();
    const order = (): string[] => {
      const hosts: string[] = [];
      for (let next = addresses.next(0); next !== undefined; next = addresses.next(0)) hosts.push(next.endpoint.host);
      return hosts;
    };
    // 0xec2d7224 and 0x99568189: the examples of the BEP.
    const four = ['123.213.32.234', '98.76.54.32'];
    addresses.add(
      'tracker',
      [...four, '2001:db8::1', '2001:db8::2'].map((host) => at(host)),
      false,
    );
    addresses.seenAs('123.213.32.10', 'a tracker', 6881);
    const dialled = order();
    assert.deepEqual(
      dialled.filter((host) => !host.includes(':')),
      ['98.76.54.32', '123.213.32.234'],
    );
    assert.equal(dialled.slice(0, 2).filter((host) => host.includes(':')).length, 1);
    assert.equal(dialled.slice(2).filter((host) => host.includes(':')).length, 1);
  });

  it('does not dial where a peer that connected to us listens, until it has gone; then it gets back to one that served', () => {
    const addresses = book();
    addresses.add('tracker', [at('8.8.8.8')], false);
    const incoming = addresses.accept(at('8.8.8.8', 50_000));
    const claimed = addresses.claim(at('8.8.8.8'));
    assert.ok(incoming !== undefined && claimed !== undefined);
    assert.equal(addresses.next(0), undefined);
    assert.equal(addresses.claim(at('8.8.8.8')), undefined, 'once');
    for (const address of [incoming, claimed]) addresses.ended(address, true, 0);
    assert.deepEqual(drain(addresses, 1000), ['8.8.8.8:6881']);

    const unnamed = book();
    const leecher = unnamed.claim(at('9.9.9.9'));
    assert.ok(leecher !== undefined);
    unnamed.ended(leecher, false, 0);
    assert.equal(unnamed.size, 0, 'nothing came of it, and nobody named it');
    const seed = unnamed.claim(at('9.9.9.9'));
    assert.ok(seed !== undefined);
    unnamed.ended(seed, true, 0);
    assert.deepEqual(drain(unnamed, 1000), ['9.9.9.9:6881']);
  });

  it('counts what listens there as no second connection of its host', () => {
    const addresses = book();
    for (let port = 0; port < peerLimits.perAddress; port++) {
      assert.ok(addresses.accept(at('8.8.8.8', 50_000 + port)));
      assert.ok(addresses.claim(at('8.8.8.8', 6881 + port)));
    }
    assert.equal(addresses.accept(at('8.8.8.8', 60_000)), undefined);
  });
});
