import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExternalAddress } from '../../src/discovery/external-address.ts';
import { canonicalPriority, crc32c } from '../../src/discovery/peer-priority.ts';
import type { Endpoint } from '../../src/support/endpoint.ts';

const at = (host: string, port = 6881): Endpoint => ({ host, port });
const hex = (text: string): number => crc32c(Buffer.from(text, 'hex'));

describe('canonical peer priority', () => {
  it('is what BEP 40 gives as examples', () => {
    assert.equal(canonicalPriority(at('123.213.32.10'), at('98.76.54.32')), 0xec2d7224);
    assert.equal(canonicalPriority(at('123.213.32.10'), at('123.213.32.234')), 0x99568189);
  });

  it('has the check value of CRC-32C and those of RFC 3720', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
    assert.equal(hex('00'.repeat(32)), 0x8a9136aa);
    assert.equal(hex('ff'.repeat(32)), 0x62a8ab43);
  });

  it('is the same from both sides, by the ports on one host, and none between families', () => {
    assert.equal(canonicalPriority(at('98.76.54.32'), at('123.213.32.10')), 0xec2d7224);
    assert.equal(canonicalPriority(at('1.2.3.4', 300), at('1.2.3.4', 20)), hex('0014012c'));
    assert.equal(canonicalPriority(at('1.2.3.4'), at('2001:db8::1')), undefined);
  });

  it('masks what two addresses do not share, a byte less with each that they do', () => {
    assert.equal(canonicalPriority(at('1.2.255.255'), at('1.2.3.255')), hex('010203550102ff55'));
    const six = (a: string, b: string, masked: string): void => assert.equal(canonicalPriority(at(a), at(b)), hex(masked));
    six('2001:db8:1:ffff::ffff', '2001:db8:2::', `20010db800015555${'0'.repeat(12)}5555`.padEnd(32, '0') + `20010db80002${'0'.repeat(20)}`);
    six('2001:db8:1:ffff::ffff', '2001:db8:1::', `20010db80001${'0'.repeat(20)}20010db80001ff55${'0'.repeat(12)}5555`);
    six('2001:db8:1:ffff::ffff', '2001:db8:1:ff00::', `20010db80001ff00${'0'.repeat(16)}20010db80001ffff${'0'.repeat(12)}5555`);
  });
});

describe('our address as others see it', () => {
  it('is what most say, each with one vote, and never one that is not of the world', () => {
    const ours = new ExternalAddress();
    assert.equal(ours.note('192.168.1.1', 'a'), false);
    assert.equal(ours.current, undefined);
    assert.equal(ours.note('5.5.5.5', 'liar'), true);
    assert.equal(ours.note('6.6.6.6', 'a'), false, 'the first stays among equals');
    assert.equal(ours.note('6.6.6.6', 'a'), false, 'a vote counts once');
    assert.equal(ours.note('6.6.6.6', 'b'), true);
    assert.equal(ours.current, '6.6.6.6');
    for (let voter = 0; voter < 1000; voter++) ours.note('7.7.7.7', String(voter));
    assert.equal(ours.current, '7.7.7.7');
  });
});
