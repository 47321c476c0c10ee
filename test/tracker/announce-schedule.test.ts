import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { trackerLimits } from '../../src/config.ts';
import { AnnounceSchedule, type DueAnnounce } from '../../src/tracker/announce-schedule.ts';
import type { AnnounceResponse } from '../../src/tracker/tracker-client.ts';

const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0.5 };
const urls = ['a', 'b', 'c', 'd'];

function response(minIntervalMs?: number): AnnounceResponse {
  return {
    peers: [],
    intervalMs: 1_800_000,
    minIntervalMs,
    trackerId: undefined,
    seeders: undefined,
    leechers: undefined,
    warning: undefined,
    isLocal: false,
  };
}

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'answer' | 'answer nobody' | 'fail'; readonly which: number }
  | { readonly kind: 'hungry' | 'fed' | 'complete' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
  fc.record({ kind: fc.constantFrom('answer' as const, 'answer nobody' as const, 'fail' as const), which: fc.nat(urls.length) }),
  fc.record({ kind: fc.constantFrom('hungry' as const, 'fed' as const, 'complete' as const) }),
);

/** A schedule played step by step as the announcer would, with what each tracker heard and when. */
class Play {
  readonly schedule = new AnnounceSchedule([['a', 'b'], ['c'], ['d']], random);
  readonly heard = new Map(urls.map((url) => [url, [] as { event: string; atMs: number; outcome?: string }[]]));
  nowMs = 0;
  #underWay: DueAnnounce[] = [];

  proceed(): void {
    for (const due of this.schedule.takeDue(this.nowMs)) {
      assert.ok(!this.#underWay.some(({ url }) => url === due.url), 'one announce to a tracker at a time');
      this.#underWay.push(due);
      this.heard.get(due.url)?.push({ event: due.event ?? '-', atMs: this.nowMs });
    }
    const wakeMs = this.schedule.wakeMs(this.nowMs);
    assert.ok(wakeMs === undefined || wakeMs > this.nowMs, 'what is due was taken');
  }

  /** Moves on, stopping wherever the schedule asks to be looked at. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (
      let wakeMs = this.schedule.wakeMs(this.nowMs);
      wakeMs !== undefined && wakeMs <= untilMs;
      wakeMs = this.schedule.wakeMs(this.nowMs)
    ) {
      this.nowMs = wakeMs;
      this.proceed();
    }
    this.nowMs = untilMs;
  }

  settle(which: number, outcome: 'answer' | 'answer nobody' | 'fail'): void {
    const [due] = this.#underWay.splice(which % Math.max(this.#underWay.length, 1), 1);
    if (due === undefined) return;
    const last = this.heard.get(due.url)?.at(-1);
    if (last !== undefined) last.outcome = outcome;
    if (outcome === 'fail') this.schedule.failed(due.url, undefined, this.nowMs);
    else this.schedule.answered(due.url, response(), outcome === 'answer', this.nowMs);
    this.proceed();
  }

  get isBusy(): boolean {
    return this.#underWay.length > 0;
  }
}

test('whatever happens, every tracker hears a proper story at a proper pace', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const play = new Play();
      play.schedule.start(0);
      play.proceed();
      for (const each of steps) {
        if (each.kind === 'wait') play.wait(each.ms);
        else if ('which' in each) play.settle(each.which, each.kind);
        else if (each.kind === 'complete') play.schedule.completed();
        else play.schedule.setHungry(each.kind === 'hungry');
        play.proceed();
      }
      play.schedule.stop();
      play.proceed();
      while (play.isBusy) play.settle(0, 'answer');

      for (const story of play.heard.values()) {
        // `started` until it is answered, and then never again; nothing else before that; `stopped` once and last.
        const joinedAt = story.findIndex(({ event, outcome }) => event === 'started' && outcome !== 'fail');
        assert.ok(story.slice(0, joinedAt === -1 ? undefined : joinedAt).every(({ event }) => event === 'started'));
        if (joinedAt === -1) continue;
        const told = story.slice(joinedAt + 1).map(({ event }) => event);
        assert.equal(told.indexOf('started'), -1);
        assert.equal(told.indexOf('stopped'), told.length - 1);
        // One `completed` for every time the download was said to complete, which the torrent says once.
        assert.ok(told.filter((event) => event === 'completed').length <= steps.filter(({ kind }) => kind === 'complete').length);
        for (const [index, { event, atMs }] of story.entries()) {
          const before = story[index - 1];
          if (before === undefined || event === 'completed' || event === 'stopped') continue;
          const pauseMs = before.outcome === 'fail' ? trackerLimits.backoffFirstMs : trackerLimits.fewPeersIntervalMs;
          assert.ok(atMs - before.atMs >= pauseMs, `${event} ${atMs - before.atMs} ms after ${before.event}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('the more time a round takes, the more trackers are asked beside each other', () => {
  const many = Array.from({ length: 64 }, (_, index) => `t${index}`);
  const schedule = new AnnounceSchedule(
    many.map((url) => [url]),
    random,
  );
  schedule.start(0);
  const counts: number[] = [];
  for (let nowMs = 0; nowMs <= 9_000; nowMs += 1_000) counts.push(schedule.takeDue(nowMs).length);
  assert.deepEqual(counts, [1, 0, 0, 0, 1, 2, 4, 8, 16, 32]);
});

test('it asks to be woken just when something may be due', () => {
  const schedule = new AnnounceSchedule([['a'], ['b']], random);
  assert.equal(schedule.wakeMs(0), undefined);
  schedule.start(0);
  assert.equal(schedule.takeDue(0).length, 1);
  assert.equal(schedule.wakeMs(0), 4_000);
  assert.equal(schedule.takeDue(4_000).length, 1);
  assert.equal(schedule.wakeMs(4_000), undefined, 'both are under way');
  schedule.failed('a', undefined, 5_000);
  assert.equal(schedule.wakeMs(5_000), 5_000 + 5_625);
  schedule.answered('b', response(120_000), true, 6_000);
  assert.equal(schedule.wakeMs(6_000), 1_806_000);
  schedule.setHungry(true);
  assert.equal(schedule.wakeMs(6_000), 126_000);
  schedule.stop();
  assert.equal(schedule.wakeMs(6_000), undefined);
});

test('an outcome of an announce that nobody made is our own mistake', () => {
  const schedule = new AnnounceSchedule([['a']], random);
  assert.throws(() => schedule.answered('a', response(), true, 0), { name: 'InvariantError' });
  assert.throws(() => schedule.failed('z', undefined, 0), { name: 'InvariantError' });
});
