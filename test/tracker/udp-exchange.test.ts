// The retry machine on a clock that the test turns, with a port that the test answers at. Times are those of BEP 15's examples.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkError, TrackerError } from '../../src/errors.ts';
import { type Endpoint, formatEndpoint } from '../../src/support/endpoint.ts';
import { UdpExchange, type UdpAnswer } from '../../src/tracker/udp-exchange.ts';
import { scrapeRequest } from '../../src/tracker/udp-messages.ts';
import type { HearDatagram } from '../../src/transport/udp.ts';
import { HandClock } from '../support/hand-clock.ts';
import { connectReply, counts, errorReply } from '../support/udp-tracker.ts';

const tracker: Endpoint = { host: '192.0.2.1', port: 6969 };
const tracker6: Endpoint = { host: '2001:db8::1', port: 6969 };
const second = 1000;

/** A datagram that was sent: `0 connect`, `15 scrape`. */
interface Sent {
  readonly atSeconds: number;
  readonly action: string;
  readonly transaction: number;
  readonly bytes: Buffer;
  readonly to: Endpoint;
}

class Lab {
  readonly clock = new HandClock();
  readonly sent: Sent[] = [];
  readonly exchange: UdpExchange;
  hear: HearDatagram = () => {};
  ports = 0;
  closed = 0;
  /** What comes back for a datagram. */
  answer: (sent: Sent) => void = () => {};
  /** Addresses to which nothing can be sent. */
  readonly unreachable = new Set<string>();
  #transactions = 100;

  constructor() {
    this.exchange = new UdpExchange({
      openPort: (hear) => {
        this.ports++;
        this.hear = hear;
        return { send: (bytes, to) => this.#send(Buffer.from(bytes), to), close: () => void this.closed++ };
      },
      clock: this.clock,
      random: { bytes: () => Buffer.from([0, 0, 0, this.#transactions++]), fraction: () => 0 },
    });
    this.exchange.hold();
  }

  get log(): string[] {
    return this.sent.map(({ atSeconds, action }) => `${atSeconds} ${action}`);
  }

  /** Scrapes; the outcome is kept, and may be awaited when the clock has run. */
  scrape(addresses: readonly Endpoint[] = [tracker], signal = new AbortController().signal): Promise<UdpAnswer | Error> {
    const request = {
      action: 2,
      encode: (id: Uint8Array, transaction: number) => scrapeRequest(id, transaction, new Uint8Array(20)),
    } as const;
    return this.exchange.ask('t', addresses, request, signal).catch((error: Error) => error);
  }

  reply(bytes: Uint8Array, from: Endpoint = tracker): void {
    this.hear(bytes, () => from);
  }

  honestly(sent: Sent): void {
    this.reply(sent.action === 'connect' ? connectReply(sent.transaction, 5n) : counts(2, sent.transaction, [1, 2, 3]), sent.to);
  }

  async #send(bytes: Buffer, to: Endpoint): Promise<void> {
    if (this.unreachable.has(formatEndpoint(to))) throw new NetworkError('network unreachable');
    const action = ['connect', 'announce', 'scrape'][bytes.readUInt32BE(8)] ?? '?';
    const sent = { atSeconds: this.clock.nowMs() / second, action, transaction: bytes.readUInt32BE(12), bytes, to };
    this.sent.push(sent);
    this.answer(sent);
  }
}

test('connects, then asks with the connection id that it got and another transaction id', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.honestly(sent);
  const answer = lab.scrape();
  await lab.clock.run(0);
  assert.deepEqual(((await answer) as UdpAnswer).from, tracker);
  assert.deepEqual(lab.log, ['0 connect', '0 scrape']);
  assert.equal(lab.sent[1]?.bytes.readBigUInt64BE(0), 5n);
  assert.notEqual(lab.sent[0]?.transaction, lab.sent[1]?.transaction);
  assert.equal(lab.clock.pendingTimers, 0);
});

test('a connection that is not answered is asked for again after 15 s, and given up 30 s later', async () => {
  const lab = new Lab();
  const outcome = lab.scrape();
  await lab.clock.run(44.9 * second);
  assert.deepEqual(lab.log, ['0 connect', '15 connect']);
  await lab.clock.run(second);
  assert.ok((await outcome) instanceof NetworkError);
  assert.equal(lab.sent[0]?.transaction, lab.sent[1]?.transaction);
  assert.equal(lab.clock.pendingTimers, 0);
});

test('later calls go on where the last one ended: 15 x 2^n s, n up to 8', async () => {
  const lab = new Lab();
  const expected = [0, 15, 45, 105, 225, 465, 945, 1905, 3825, 7665, 11505];
  for (let call = 0; call < 10; call++) {
    const outcome = lab.scrape();
    await lab.clock.run((call === 0 ? 45 : 15 * 2 ** Math.min(call + 1, 8)) * second);
    assert.ok((await outcome) instanceof NetworkError, `call ${call}`);
  }
  assert.deepEqual(
    lab.sent.map(({ atSeconds }) => atSeconds),
    expected,
  );
});

test('an answer begins the count anew', async () => {
  const lab = new Lab();
  const silent = lab.scrape();
  await lab.clock.run(45 * second);
  assert.ok((await silent) instanceof NetworkError);
  lab.answer = (sent) => {
    if (sent.action === 'connect') lab.honestly(sent);
  };
  const outcome = lab.scrape();
  await lab.clock.run(45 * second);
  assert.ok((await outcome) instanceof NetworkError);
  assert.deepEqual(lab.log.slice(2), ['45 connect', '45 scrape', '60 scrape']);
});

test('an answer to the first of several datagrams still counts, however late', async () => {
  const lab = new Lab();
  const outcome = lab.scrape();
  await lab.clock.run(20 * second);
  lab.answer = (sent) => lab.honestly(sent);
  lab.honestly(lab.sent[0] as Sent);
  await lab.clock.run(0);
  assert.ok('bytes' in (await outcome));
  assert.deepEqual(lab.log, ['0 connect', '15 connect', '20 scrape']);
});

test('a connection id is used for a minute, by all who ask, and not longer', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.honestly(sent);
  for (let round = 0; round < 4; round++) {
    const outcome = lab.scrape();
    await lab.clock.run(0);
    assert.ok('bytes' in (await outcome));
    await lab.clock.run(29 * second);
  }
  assert.deepEqual(lab.log, ['0 connect', '0 scrape', '29 scrape', '58 scrape', '87 connect', '87 scrape']);
});

test('a request is not repeated with a connection id that has expired meanwhile', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.honestly(sent);
  await Promise.all([lab.scrape(), lab.clock.run(50 * second)]);
  lab.answer = () => {};
  const outcome = lab.scrape();
  await lab.clock.run(14 * second);
  lab.answer = (sent) => lab.honestly(sent);
  await lab.clock.run(second);
  assert.ok('bytes' in (await outcome));
  assert.deepEqual(lab.log, ['0 connect', '0 scrape', '50 scrape', '65 connect', '65 scrape']);
});

test('a tracker that no longer knows an id of before is asked for a new one; one that refuses a new id refuses', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.honestly(sent);
  await Promise.all([lab.scrape(), lab.clock.run(0)]);
  lab.answer = (sent) => (sent.action === 'connect' ? lab.honestly(sent) : lab.reply(errorReply(sent.transaction, 'who are you?')));
  const outcome = lab.scrape();
  await lab.clock.run(0);
  const error = await outcome;
  assert.ok(error instanceof TrackerError);
  assert.equal(error.message, 'who are you?');
  assert.deepEqual(lab.log, ['0 connect', '0 scrape', '0 scrape', '0 connect', '0 scrape']);
});

test('an error in place of a connection id is a refusal', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.reply(errorReply(sent.transaction, 'go away'));
  const outcome = lab.scrape();
  await lab.clock.run(0);
  assert.ok((await outcome) instanceof TrackerError);
});

test('of several addresses each has 0.8 s before the next is tried; who answers first is asked on', async () => {
  const lab = new Lab();
  lab.answer = (sent) => {
    if (sent.to === tracker) lab.honestly(sent);
  };
  const outcome = lab.scrape([tracker6, tracker]);
  await lab.clock.run(second);
  assert.deepEqual(((await outcome) as UdpAnswer).from, tracker);
  assert.deepEqual(lab.log, ['0 connect', '0.8 connect', '0.8 scrape']);
});

test('an address to which nothing can be sent costs no time, and all such are a failure at once', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.honestly(sent);
  lab.unreachable.add(formatEndpoint(tracker6));
  const outcome = lab.scrape([tracker6, tracker]);
  await lab.clock.run(0);
  assert.ok('bytes' in (await outcome));
  const failure = lab.scrape([tracker6]);
  await lab.clock.run(0);
  assert.deepEqual(await failure, new NetworkError('network unreachable'));
});

test('10 000 datagrams that answer nothing are dropped and counted', async () => {
  const lab = new Lab();
  const outcome = lab.scrape();
  await lab.clock.run(0);
  const { transaction } = lab.sent[0] as Sent;
  const stranger = { host: '192.0.2.66', port: 6969 };
  const strays: [Uint8Array, Endpoint][] = [
    [connectReply(transaction + 1, 666n), tracker],
    [connectReply(transaction, 666n), stranger],
    [connectReply(transaction, 666n), { host: tracker.host, port: tracker.port + 1 }],
    [connectReply(transaction, 666n).subarray(0, 15), tracker],
    [connectReply(transaction, 666n).subarray(0, 7), tracker],
    [new Uint8Array(), tracker],
    [counts(1, transaction, [1, 2, 3]), tracker],
    [counts(2, transaction, [1, 2, 3]), tracker],
    [errorReply(transaction, 'no').subarray(0, 7), tracker],
    [errorReply(transaction, 'no'), stranger],
  ];
  for (let round = 0; round < 1000; round++) for (const [bytes, from] of strays) lab.reply(bytes, from);
  assert.equal(lab.exchange.strays, 10_000);
  await lab.clock.run(0);
  assert.deepEqual(lab.log, ['0 connect']);
  lab.answer = (sent) => lab.honestly(sent);
  lab.honestly(lab.sent[0] as Sent);
  await lab.clock.run(0);
  assert.ok('bytes' in (await outcome));
  lab.honestly(lab.sent[1] as Sent);
  assert.equal(lab.exchange.strays, 10_001, 'an answer that comes twice is one too many');
});

test('the signal ends it at once, and nothing is left behind', async () => {
  const lab = new Lab();
  const controller = new AbortController();
  const outcome = lab.scrape([tracker6, tracker], controller.signal);
  await lab.clock.run(second);
  controller.abort(new Error('we stop'));
  await lab.clock.run(0);
  assert.deepEqual(await outcome, new Error('we stop'));
  assert.equal(lab.clock.pendingTimers, 0);
  lab.honestly(lab.sent[0] as Sent);
  assert.equal(lab.exchange.strays, 1);
});

test('all who ask share one port, which closes with the last of them', async () => {
  const lab = new Lab();
  lab.answer = (sent) => lab.honestly(sent);
  lab.exchange.hold();
  await Promise.all([lab.scrape(), lab.scrape(), lab.clock.run(0)]);
  assert.equal(lab.ports, 1);
  lab.exchange.release();
  assert.equal(lab.closed, 0);
  lab.exchange.release();
  assert.equal(lab.closed, 1);
  lab.exchange.hold();
  await Promise.all([lab.scrape(), lab.clock.run(0)]);
  assert.deepEqual([lab.ports, lab.log.at(-2)], [2, '0 connect'], 'the id went with the port');
});
