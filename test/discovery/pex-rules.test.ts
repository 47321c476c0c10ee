// What is believed of peer exchange, and what is told: discovery/pex-inbox.ts and pex-outbox.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PexInbox, credible } from '../../src/discovery/pex-inbox.ts';
import { PexOutbox } from '../../src/discovery/pex-outbox.ts';
import { type Endpoint, formatEndpoint } from '../../src/support/endpoint.ts';
import { type PexPeer, pexFlags } from '../../src/wire/pex.ts';

const at = (host: string, port = 6881): Endpoint => ({ host, port });
const peer = (host: string, flags = 0, port = 6881): PexPeer => ({ endpoint: at(host, port), flags });
const connected = (...peers: PexPeer[]): Map<string, PexPeer> => new Map(peers.map((one) => [formatEndpoint(one.endpoint), one]));

describe('peer exchange that comes', () => {
  it('is read twice a minute, and of a peer that sends more never again', () => {
    const steady = new PexInbox();
    for (let minute = 0; minute < 100; minute++) assert.ok(steady.hears(minute * 60_000));
    const held = new PexInbox();
    assert.deepEqual(
      [0, 59_000, 60_000, 119_000].map((nowMs) => held.hears(nowMs)),
      [true, true, true, true],
    );
    const flood = new PexInbox();
    assert.deepEqual(
      [0, 1, 2, 600_000, 6_000_000].map((nowMs) => flood.hears(nowMs)),
      [true, true, false, false, false],
    );
  });

  it('names one port of a host, and of a network that is not the world only to a neighbour', () => {
    const peers = [
      peer('8.8.8.8'),
      peer('8.8.8.8', 0, 7000),
      peer('192.168.1.1'),
      peer('127.0.0.1'),
      peer('127.0.0.1', 0, 2),
      peer('fe80::1'),
    ];
    const named = (source: string): string[] => credible(peers, at(source), false).map(formatEndpoint);
    assert.deepEqual(named('9.9.9.9'), ['8.8.8.8:6881']);
    assert.deepEqual(named('192.168.1.2').slice(0, 2), ['8.8.8.8:6881', '192.168.1.1:6881']);
    assert.deepEqual(
      named('127.0.0.1').filter((one) => one.startsWith('127')),
      ['127.0.0.1:6881', '127.0.0.1:2'],
    );
  });

  it('names no seed to a seed', () => {
    const peers = [peer('8.8.8.8', pexFlags.seed), peer('9.9.9.9')];
    assert.equal(credible(peers, at('7.7.7.7'), true).length, 1);
    assert.equal(credible(peers, at('7.7.7.7'), false).length, 2);
  });
});

describe('peer exchange that goes', () => {
  it('tells who came and who went, once a minute, and nobody of itself', () => {
    const outbox = new PexOutbox(at('7.7.7.7'));
    const first = connected(peer('7.7.7.7'), peer('8.8.8.8', 2));
    assert.deepEqual(outbox.next(first, 0), { added: [peer('8.8.8.8', 2)], dropped: [] });
    assert.deepEqual([outbox.isDue(59_999), outbox.isDue(60_000)], [false, true]);
    assert.equal(outbox.next(first, 60_000), undefined);
    assert.ok(outbox.isDue(60_000), 'what was not said costs no turn');
    assert.deepEqual(outbox.next(connected(peer('9.9.9.9')), 60_001), { added: [peer('9.9.9.9')], dropped: [at('8.8.8.8')] });
  });

  it('tells 50 at a time, those first that both sides would choose (BEP 40)', () => {
    const receiver = at('123.213.32.10');
    const many = connected(...Array.from({ length: 120 }, (_, index) => peer(`98.${index}.54.32`)), peer('98.76.54.32', 1));
    const outbox = new PexOutbox(receiver);
    const told = [0, 60_000, 120_000].map((nowMs) => outbox.next(many, nowMs)?.added.map(({ endpoint }) => endpoint.host) ?? []);
    assert.deepEqual(
      told.map(({ length }) => length),
      [50, 50, 20],
    );
    assert.equal(new Set(told.flat()).size, 120);
    assert.ok(told[0]?.includes('98.76.54.32'), 'its priority is 0xec2d7224');
    const gone = [180_000, 240_000, 300_000].map((nowMs) => outbox.next(new Map(), nowMs)?.dropped.length);
    assert.deepEqual(gone, [50, 50, 20]);
  });

  it('keeps addresses of a network within it', () => {
    const peers = connected(peer('8.8.8.8'), peer('192.168.1.1'), peer('127.0.0.1'));
    const told = (receiver: string): string[] =>
      new PexOutbox(at(receiver))
        .next(peers, 0)
        ?.added.map(({ endpoint }) => endpoint.host)
        .sort() ?? [];
    assert.deepEqual(told('9.9.9.9'), ['8.8.8.8']);
    assert.deepEqual(told('192.168.1.2'), ['192.168.1.1', '8.8.8.8']);
    assert.deepEqual(told('127.0.0.2'), ['127.0.0.1', '8.8.8.8']);
  });
});
