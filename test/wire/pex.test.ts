import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../src/errors.ts';
import { decodePex, encodePex } from '../../src/wire/pex.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const read = (text: string): string[] => decodePex(bytes(text)).map(({ endpoint, flags }) => `${endpoint.host} ${endpoint.port} ${flags}`);
const four = (last: number): string => `\x08\x08\x08${String.fromCharCode(last)}\x1a\xe1`;
const six = (last: number): string => `\x20\x01\x0d\xb8${'\0'.repeat(11)}${String.fromCharCode(last)}\x1a\xe1`;
const said = (text: string): string => `${text.length}:${text}`;

const whole = `d5:added${said(four(1) + four(2))}7:added.f2:\x02\x106:added6${said(six(1))}8:added6.f1:\x037:dropped${said(four(3))}e`;

describe('peer exchange message', () => {
  it('names addresses of both families with their flags', () => {
    assert.deepEqual(read(whole), ['8.8.8.1 6881 2', '8.8.8.2 6881 16', '2001:db8::1 6881 3']);
  });

  it('is written as BEP 11 has it', () => {
    const added = [
      { endpoint: { host: '2001:db8::1', port: 6881 }, flags: 3 },
      { endpoint: { host: '8.8.8.1', port: 6881 }, flags: 2 },
    ];
    const message = encodePex({ added, dropped: [{ host: '8.8.8.3', port: 6881 }] });
    const expected = `d5:added6:${four(1)}7:added.f1:\x026:added618:${six(1)}8:added6.f1:\x037:dropped6:${four(3)}8:dropped60:e`;
    assert.equal(Buffer.from(message).toString('latin1'), expected);
  });

  it('takes at most 50 addresses, of both families when both are there', () => {
    const many = (one: (last: number) => string): string => said(Array.from({ length: 200 }, (_, last) => one(last)).join(''));
    assert.equal(read(`d5:added${many(four)}e`).length, 50);
    assert.equal(read(`d6:added6${many(six)}e`).length, 50);
    const both = read(`d5:added${many(four)}6:added6${many(six)}e`);
    assert.deepEqual([both.length, both.filter((peer) => peer.startsWith('2001')).length], [50, 25]);
    assert.equal(read(`d5:added${said(four(1))}6:added6${many(six)}e`).length, 50);
  });

  it('does without flags, and leaves out port 0 with its flags and what is cut off', () => {
    assert.deepEqual(read(`d5:added${said(four(1) + four(2))}7:added.f1:\x02e`), ['8.8.8.1 6881 2', '8.8.8.2 6881 0']);
    const portless = '\x08\x08\x08\x09\0\0';
    assert.deepEqual(read(`d5:added${said(`${portless}${four(2)}\x08`)}7:added.f2:\x02\x10e`), ['8.8.8.2 6881 16']);
    assert.deepEqual(read('d5:addedi1e7:added.fle6:added6dee'), []);
    assert.deepEqual(read('de'), []);
  });

  it('refuses what is no dictionary, too deep or too long', () => {
    for (const text of [
      '',
      'le',
      'i1e',
      'd',
      'd5:added',
      `d5:added${'l'.repeat(9)}${'e'.repeat(10)}`,
      `d5:added${said('x'.repeat(20_000))}e`,
    ])
      assert.throws(() => decodePex(bytes(text)), ProtocolError, text.slice(0, 20));
  });

  it('reads whatever bytes as addresses or refuses them', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 20_000; round++) {
      const input = mutate(bytes(whole), random);
      try {
        const peers = decodePex(input);
        assert.ok(peers.length <= 50 && peers.every(({ endpoint: { host, port }, flags }) => host !== '' && port > 0 && flags >= 0));
      } catch (error) {
        assert.ok(error instanceof ProtocolError, `${Buffer.from(input).toString('latin1')}: ${String(error)}`);
      }
    }
  });

  it('reads what it writes', () => {
    const random = seededRandom(12);
    const below = (limit: number): number => Math.floor(random() * limit);
    for (let round = 0; round < 300; round++) {
      const added = Array.from({ length: below(25) }, () => ({
        endpoint: {
          host: random() < 0.5 ? `8.${below(256)}.${below(256)}.${below(256)}` : `2001:db8::${(1 + below(0xffff)).toString(16)}`,
          port: 1 + below(65_535),
        },
        flags: below(256),
      }));
      const byHost = (peers: typeof added): string[] => peers.map((peer) => JSON.stringify(peer)).sort();
      assert.deepEqual(byHost(decodePex(encodePex({ added, dropped: [] }))), byHost(added));
    }
  });
});
