import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventQueue } from '../../src/torrent/event-queue.ts';
import { RateLimit } from '../../src/torrent/rate-limit.ts';
import { RateMeter } from '../../src/torrent/rate-meter.ts';
import { Watchdog } from '../../src/torrent/watchdog.ts';

const noLimits = { stallTimeoutMs: 0, minRate: undefined };

describe('watchdog', () => {
  it('never ends a download without limits', () => {
    assert.equal(new Watchdog(noLimits, 0).check(1e12, 0, 0), undefined);
  });

  it('ends when nothing was stored for the stall timeout', () => {
    const watchdog = new Watchdog({ ...noLimits, stallTimeoutMs: 1000 }, 500);
    assert.equal(watchdog.check(1499, 0, 0), undefined);
    assert.equal(watchdog.check(1499, 1, 0), undefined);
    assert.equal(watchdog.check(2498, 1, 1e9), undefined);
    assert.equal(watchdog.check(2499, 1, 2e9), 'stalled');
  });

  it('ends when a whole window was below the minimum rate, not before', () => {
    const watchdog = new Watchdog({ ...noLimits, minRate: { bytesPerSecond: 100, windowMs: 2000 } }, 0);
    let received = 0;
    for (let nowMs = 100; nowMs <= 5000; nowMs += 100) {
      received += 11;
      assert.equal(watchdog.check(nowMs, 0, received), undefined, `at ${nowMs}`);
    }
    let endedMs: number | undefined;
    for (let nowMs = 5100; nowMs <= 9000 && endedMs === undefined; nowMs += 100) {
      received += 5;
      if (watchdog.check(nowMs, 0, received) === 'below-min-rate') endedMs = nowMs;
    }
    assert.ok(endedMs !== undefined && endedMs <= 7100, String(endedMs));
  });
});

describe('rate limit', () => {
  it('lets through its rate, within 2 % over ten seconds, and no burst above a quarter of a second', () => {
    const limit = new RateLimit(1_000_000, 0);
    let nowMs = 0;
    let passed = 0;
    while (nowMs < 10_000) {
      passed += 65_536;
      nowMs += Math.max(limit.spend(65_536, nowMs), 1);
    }
    assert.ok(Math.abs(passed / 10_000_000 - 1) < 0.02, String(passed));
    const idle = new RateLimit(1_000_000, 0);
    assert.equal(idle.spend(250_000, 60_000), 0);
    assert.ok(idle.spend(1000, 60_000) > 0);
  });
});

describe('rate meter', () => {
  it('tells the mean of the last seconds', () => {
    const meter = new RateMeter();
    assert.equal(meter.perSecond, 0);
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 500) meter.note(nowMs < 10_000 ? nowMs * 10 : 100_000 + (nowMs - 10_000) * 2, nowMs);
    assert.equal(meter.perSecond, 2000);
  });
});

describe('event queue', () => {
  const queue = (): EventQueue<string> => new EventQueue((event) => event.startsWith('progress'));
  const readAll = async (events: EventQueue<string>): Promise<string[]> => {
    const read: string[] = [];
    for await (const event of events) read.push(event);
    return read;
  };

  it('delivers in order and ends', async () => {
    const events = queue();
    const read = readAll(events);
    for (const event of ['a', 'progress', 'b']) events.push(event);
    events.end();
    assert.deepEqual(await read, ['a', 'progress', 'b']);
  });

  it('keeps what matters for a late reader, and drops only progress for a slow one', async () => {
    const late = queue();
    for (const event of ['a', 'progress', 'b']) late.push(event);
    late.end();
    assert.deepEqual(await readAll(late), ['a', 'b']);
    const slow = queue();
    const first = slow.next();
    for (let i = 0; i < 5000; i++) slow.push(`progress ${i}`);
    slow.push('file');
    slow.end();
    assert.match((await first).value ?? '', /^progress/);
    const rest = await readAll(slow);
    assert.ok(rest.length <= 1024);
    assert.equal(rest.at(-1), 'file');
  });
});
