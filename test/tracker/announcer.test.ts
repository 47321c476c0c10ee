import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkError, ProtocolError } from '../../src/errors.ts';
import type { Clock } from '../../src/support/clock.ts';
import { TrackerRefusal } from '../../src/tracker/tracker-refusal.ts';
import { deferred } from '../support/deferred.ts';
import { settle } from '../support/hand-clock.ts';
import { ScriptedSwarm, somePeers, type Behaviour, type Outcome } from './scripted-trackers.ts';

const second = 1000;
const minute = 60 * second;
const a = 'http://a.example/announce';
const b = 'http://b.example/announce';
const c = 'http://c.example/announce';

const answers: Behaviour = () => ({});
const answersNobody: Behaviour = () => ({ peers: [] });
const hangs: Behaviour = () => 'silence';
const refusesConnections: Behaviour = () => new NetworkError('connection refused');

test('a tracker hears started, regular announces, completed and stopped, in that order', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  swarm.announcer.start();
  await swarm.clock.run(61 * minute);
  swarm.totals = { uploaded: 5, downloaded: 1000, left: 0, isPartialSeed: false };
  swarm.announcer.completed();
  await settle();
  await swarm.announcer.stop();
  assert.equal(swarm.heard(a), 'started - - completed stopped');
  const told = swarm.seen.map(({ request }) => [request.event, request.left, request.numwant, request.key]);
  assert.deepEqual(told.at(0), ['started', 1000, 200, '5a5a5a5a']);
  assert.deepEqual(told.at(-2), ['completed', 0, 200, '5a5a5a5a']);
  assert.deepEqual(told.at(-1), ['stopped', 0, 0, '5a5a5a5a']);
  assert.equal(swarm.clock.pendingTimers, 0);
});

test('a partial seed says paused in every regular announce (BEP 21)', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  swarm.announcer.start();
  await swarm.clock.run(31 * minute);
  swarm.totals = { ...swarm.totals, isPartialSeed: true };
  await swarm.clock.run(30 * minute);
  await swarm.announcer.stop();
  assert.equal(swarm.heard(a), 'started - paused stopped');
});

test('a changed port is announced as soon as the tracker may be asked again', async () => {
  const late = deferred<Outcome>();
  for (const [behaviour, changesBefore] of [
    [answers, false],
    [() => late.promise, true],
  ] as const) {
    const swarm = new ScriptedSwarm([[a]], { [a]: behaviour });
    swarm.announcer.start();
    await settle();
    swarm.port = 7000;
    swarm.announcer.portChanged();
    if (changesBefore) late.resolve({});
    await swarm.clock.run(61 * second);
    const told = swarm.seen.map(({ atMs, request }) => [atMs, request.port]);
    assert.deepEqual(told, [
      [0, 6881],
      [minute, 7000],
    ]);
    await swarm.announcer.stop();
  }
});

test('a torrent that was complete at its start never says completed', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  swarm.announcer.start();
  await swarm.clock.run(31 * minute);
  await swarm.announcer.stop();
  assert.equal(swarm.heard(a), 'started - stopped');
});

test('completed right before stop is still said, and before stopped', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  swarm.announcer.start();
  await settle();
  swarm.announcer.completed();
  await swarm.announcer.stop();
  assert.equal(swarm.heard(a), 'started completed stopped');
});

test('completed waits for the answer to started', async () => {
  const started = deferred<Outcome>();
  const swarm = new ScriptedSwarm([[a]], { [a]: ({ event }) => (event === 'started' ? started.promise : {}) });
  swarm.announcer.start();
  await settle();
  swarm.announcer.completed();
  await settle();
  assert.equal(swarm.heard(a), 'started');
  started.resolve({});
  await settle();
  assert.equal(swarm.heard(a), 'started completed');
  await swarm.announcer.stop();
});

test('a tracker that never answered started hears neither completed nor stopped', async () => {
  const swarm = new ScriptedSwarm([[a], [b]], { [a]: refusesConnections, [b]: hangs });
  swarm.announcer.start();
  await swarm.clock.run(7 * second);
  swarm.announcer.completed();
  await swarm.announcer.stop();
  assert.match(swarm.heard(a), /^started( started)*$/);
  assert.equal(swarm.heard(b), 'started');
  assert.equal(swarm.underWay, 0);
  assert.equal(swarm.clock.pendingTimers, 0);
});

test('every tracker that answered started hears stopped, also one that answered late or fails by now', async () => {
  const late = deferred<Outcome>();
  const swarm = new ScriptedSwarm([[a, b]], { [a]: ({ event }) => (event === 'started' ? late.promise : {}), [b]: answers });
  swarm.announcer.start();
  await swarm.clock.run(10 * second);
  late.resolve({});
  await settle();
  assert.equal(swarm.found.length, 2);
  swarm.behaviours.set(b, refusesConnections);
  await swarm.clock.run(30 * minute);
  await swarm.announcer.stop();
  assert.equal(swarm.heard(a), 'started - stopped');
  assert.equal(swarm.heard(b), 'started - stopped');
});

test('stopping gives up what is under way, and takes 2 s at most', async () => {
  let dead = false;
  const swarm = new ScriptedSwarm([[a]], { [a]: () => (dead ? 'silence' : {}) });
  swarm.announcer.start();
  await swarm.clock.run(minute);
  dead = true;
  swarm.announcer.completed();
  let stopped = false;
  const goodbye = swarm.announcer.stop().then(() => (stopped = true));
  await swarm.clock.run(1999);
  assert.equal(stopped, false);
  await swarm.clock.run(1);
  assert.equal(stopped, true);
  await goodbye;
  assert.equal(swarm.heard(a), 'started completed');
  assert.equal(swarm.underWay, 0);
  assert.equal(swarm.clock.pendingTimers, 0);
});

test('after stop nothing more is said, whatever is asked for', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  swarm.announcer.start();
  await settle();
  const reports = swarm.reports.length;
  await Promise.all([swarm.announcer.stop(), swarm.announcer.stop()]);
  swarm.announcer.completed();
  swarm.announcer.setHungry(true);
  await swarm.clock.run(120 * minute);
  assert.equal(swarm.heard(a), 'started stopped');
  assert.equal(swarm.reports.length, reports);
});

test('stop before start says nothing', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  await swarm.announcer.stop();
  assert.equal(swarm.seen.length, 0);
});

test('the tracker id and the interval that a tracker gives are kept', async () => {
  const swarm = new ScriptedSwarm([[a]], {
    [a]: ({ event }) => ({ intervalMs: 10 * minute, trackerId: event === 'started' ? Uint8Array.of(7) : undefined }),
  });
  swarm.announcer.start();
  await swarm.clock.run(20 * minute);
  assert.deepEqual(swarm.askedAtSeconds(a), [0, 600, 1200]);
  assert.deepEqual(
    swarm.seen.map(({ request }) => request.trackerId),
    [undefined, Uint8Array.of(7), Uint8Array.of(7)],
  );
  await swarm.announcer.stop();
});

test('a hungry torrent asks again after a minute, or after the min interval if that is longer', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: answers });
  swarm.announcer.setHungry(true);
  swarm.announcer.start();
  await swarm.clock.run(130 * second);
  assert.deepEqual(swarm.askedAtSeconds(a), [0, 60, 120]);
  swarm.behaviours.set(a, () => ({ minIntervalMs: 5 * minute }));
  await swarm.clock.run(600 * second);
  assert.deepEqual(swarm.askedAtSeconds(a), [0, 60, 120, 180, 480]);
  swarm.announcer.setHungry(false);
  await swarm.clock.run(25 * minute);
  assert.equal(swarm.askedAtSeconds(a).length, 5);
  swarm.announcer.setHungry(true);
  await settle();
  assert.equal(swarm.askedAtSeconds(a).length, 6);
  await swarm.announcer.stop();
});

test('the first tracker dead, the others fine: peers within 6 s', async () => {
  for (const dead of [hangs, refusesConnections]) {
    const swarm = new ScriptedSwarm([[a], [b], [c]], { [a]: dead, [b]: answers, [c]: answers });
    swarm.announcer.start();
    await swarm.clock.run(10 * second);
    assert.equal(swarm.found.length, 1);
    assert.ok((swarm.found[0]?.atMs ?? Infinity) <= 6 * second);
    assert.equal(swarm.heard(c), '', 'the last tier is not needed');
    await swarm.announcer.stop();
  }
});

for (const [what, dead] of [
  ['silent', () => hangs],
  ['refusing', () => refusesConnections],
  ['silent or refusing', (index: number) => (index % 3 === 0 ? refusesConnections : hangs)],
] as const) {
  test(`20 ${what} trackers before one that answers: peers within 10 s`, async () => {
    const urls = Array.from({ length: 21 }, (_, index) => `http://t${index}.example/announce`);
    const behaviours = Object.fromEntries(urls.map((url, index) => [url, index === 20 ? answers : dead(index)]));
    const swarm = new ScriptedSwarm(
      urls.map((url) => [url]),
      behaviours,
    );
    swarm.announcer.start();
    await swarm.clock.run(15 * second);
    assert.ok((swarm.found[0]?.atMs ?? Infinity) <= 10 * second);
    await swarm.announcer.stop();
    assert.equal(swarm.underWay, 0);
  });
}

test('a timer that fires just before its time costs no tracker its turn', async () => {
  let isEarly = false;
  const clock: Clock = {
    nowMs() {
      const offMs = isEarly ? -0.2 : 0.2; // the second look falls behind the time
      isEarly = false;
      return swarm.clock.nowMs() + offMs;
    },
    setTimer: (delayMs, action) =>
      swarm.clock.setTimer(delayMs, () => {
        isEarly = delayMs > 1;
        action();
      }),
  };
  const swarm: ScriptedSwarm = new ScriptedSwarm([[a], [b], [c]], { [a]: hangs, [b]: hangs, [c]: hangs }, { clock });
  swarm.announcer.start();
  await swarm.clock.run(15 * second);
  assert.deepEqual(
    swarm.seen.map(({ atMs }) => Math.round(atMs / second)),
    [0, 4, 5],
  );
  await swarm.announcer.stop();
});

test('a tracker that fails is asked at most 12 times in 5 minutes, less and less often', async () => {
  for (const fails of [refusesConnections, (): Error => new TrackerRefusal('HTTP 500 Internal Server Error')]) {
    const swarm = new ScriptedSwarm([[a]], { [a]: fails });
    swarm.announcer.setHungry(true);
    swarm.announcer.start();
    await swarm.clock.run(5 * minute);
    // 5, 10, 20, ... seconds, each a quarter longer by the jitter
    assert.deepEqual(swarm.askedAtSeconds(a), [0, 6, 19, 44, 94, 194]);
    await swarm.clock.run(24 * 60 * minute);
    const times = swarm.askedAtSeconds(a);
    assert.equal((times.at(-1) ?? 0) - (times.at(-2) ?? 0), 30 * 60);
    await swarm.announcer.stop();
  }
});

test('a tracker that says when to come back is left alone until then', async () => {
  const waits = [10 * minute, Infinity];
  const swarm = new ScriptedSwarm([[a]], { [a]: () => new TrackerRefusal('full', waits.shift()) });
  swarm.announcer.start();
  await swarm.clock.run(24 * 60 * minute);
  assert.deepEqual(swarm.askedAtSeconds(a), [0, 600]);
  assert.equal(swarm.clock.pendingTimers, 0);
  await swarm.announcer.stop();
});

test('inside a tier the tracker that answered is asked first from then on; tiers keep their order', async () => {
  let aIsDead = true;
  const swarm = new ScriptedSwarm([[a, b], [c]], {
    [a]: () => (aIsDead ? new NetworkError('connection refused') : {}),
    [b]: answers,
    [c]: answers,
  });
  swarm.announcer.start();
  await settle();
  aIsDead = false;
  await swarm.clock.run(30 * minute);
  assert.equal(swarm.heard(a), 'started');
  assert.equal(swarm.heard(b), 'started -');
  assert.equal(swarm.heard(c), '');
  swarm.behaviours.set(b, refusesConnections);
  await swarm.clock.run(30 * minute);
  assert.equal(swarm.heard(a), 'started started');
  assert.equal(swarm.heard(c), '');
  await swarm.announcer.stop();
});

test('a tracker of a later tier is left for one of an earlier tier that lives again', async () => {
  let aIsDead = true;
  const swarm = new ScriptedSwarm([[a], [b]], { [a]: () => (aIsDead ? new NetworkError('connection refused') : {}), [b]: answers });
  swarm.announcer.start();
  await swarm.clock.run(minute);
  aIsDead = false;
  await swarm.clock.run(90 * minute);
  assert.equal(swarm.heard(a), 'started started - -');
  assert.equal(swarm.heard(b), 'started');
  await swarm.announcer.stop();
  assert.equal(swarm.heard(b), 'started stopped');
});

const answersOurselves: Behaviour = () => ({ peers: [{ host: '198.51.100.1', port: 6881 }] });

test('a hungry torrent goes on to the next tracker when one names nobody or only us; another does not', async () => {
  for (const hungry of [true, false]) {
    const swarm = new ScriptedSwarm([[a], [b], [c]], { [a]: answersNobody, [b]: answersOurselves, [c]: answers });
    swarm.announcer.setHungry(hungry);
    swarm.announcer.start();
    await swarm.clock.run(30 * second);
    assert.equal(
      swarm.found.some(({ peers }) => peers === somePeers),
      hungry,
    );
    assert.equal(swarm.seen.length, hungry ? 3 : 1);
    await swarm.announcer.stop();
  }
});

test('when no tracker names a peer, all are asked again in a minute and not sooner', async () => {
  const swarm = new ScriptedSwarm([[a], [b]], { [a]: answersNobody, [b]: answersNobody });
  swarm.announcer.setHungry(true);
  swarm.announcer.start();
  await swarm.clock.run(150 * second);
  assert.deepEqual(swarm.askedAtSeconds(a), [0, 60, 120]);
  assert.deepEqual(swarm.askedAtSeconds(b), [0, 60, 120]);
  await swarm.announcer.stop();
});

test('it is usable when it has a tracker of a kind that we speak', async () => {
  assert.equal(new ScriptedSwarm([[a]], { [a]: answers }).announcer.isUsable, true);
  const udp = 'udp://tracker.example:80/announce';
  for (const trackers of [[], [[udp]]]) {
    const swarm = new ScriptedSwarm(trackers, {});
    swarm.announcer.start();
    assert.equal(swarm.announcer.isUsable, false);
    assert.equal(swarm.clock.pendingTimers, 0);
    await swarm.announcer.stop();
  }
});

test('trackers of an unknown kind are reported once and left out', async () => {
  const udp = 'udp://u.example:6969/announce';
  const swarm = new ScriptedSwarm([[udp, udp], [a]], { [a]: answers });
  swarm.announcer.start();
  await swarm.clock.run(60 * minute);
  const unsupported = swarm.reports.filter(({ source }) => source === udp);
  assert.deepEqual(unsupported, [
    { source: udp, outcome: 'failed', message: 'trackers of this kind (udp) are not supported', peerCount: 0 },
  ]);
  assert.equal(swarm.heard(udp), '');
  await swarm.announcer.stop();
});

test('a URL named twice is one tracker', async () => {
  const swarm = new ScriptedSwarm([[a], [a, b], [a]], { [a]: refusesConnections, [b]: answers });
  swarm.announcer.start();
  await settle();
  assert.equal(swarm.heard(a), 'started');
  assert.equal(swarm.heard(b), 'started');
  await swarm.announcer.stop();
});

test('a failure is reported once until its cause changes or the tracker answers', async () => {
  const outcomes: Outcome[] = [
    new NetworkError('connection refused'),
    new NetworkError('connection refused'),
    new ProtocolError('expected a bencoded dictionary, got a web page'),
    new TrackerRefusal('unregistered torrent'),
    new TrackerRefusal('unregistered torrent'),
    {},
    new TrackerRefusal('unregistered torrent'),
  ];
  const swarm = new ScriptedSwarm([[a]], { [a]: () => outcomes.shift() ?? new TrackerRefusal('unregistered torrent') });
  swarm.announcer.start();
  await swarm.clock.run(120 * minute);
  assert.deepEqual(
    swarm.reports.map(({ outcome, message }) => `${outcome} ${message}`),
    [
      'failed connection refused',
      'failed expected a bencoded dictionary, got a web page',
      'refused unregistered torrent',
      'answered ',
      'refused unregistered torrent',
    ],
  );
  await swarm.announcer.stop();
});

test('a warning is reported once; an answer with what the tracker says of the swarm', async () => {
  const swarm = new ScriptedSwarm([[a]], { [a]: () => ({ warning: 'be nice', seeders: 3, leechers: 4 }) });
  swarm.announcer.start();
  await swarm.clock.run(30 * minute);
  const answered = { source: a, outcome: 'answered', message: '', peerCount: 1, seeders: 3, leechers: 4 };
  assert.deepEqual(swarm.reports, [{ source: a, outcome: 'warned', message: 'be nice', peerCount: 0 }, answered, answered]);
  await swarm.announcer.stop();
});

test('reports name a tracker without its secrets', async () => {
  const secret = 'http://me:pw@t.example/0123456789abcdef0123456789abcdef/announce?passkey=xyz';
  const swarm = new ScriptedSwarm([[secret]], { [secret]: answers });
  swarm.announcer.start();
  await settle();
  assert.doesNotMatch(JSON.stringify(swarm.reports), /pw|0123456789abcdef|xyz/);
  await swarm.announcer.stop();
});

test('local peers may be used when the tracker is local or its URL was typed', async () => {
  for (const [isLocal, typed, allowed] of [
    [false, false, false],
    [true, false, true],
    [false, true, true],
  ] as const) {
    const swarm = new ScriptedSwarm([[a]], { [a]: () => ({ isLocal }) }, { typedUrls: new Set(typed ? [a] : []) });
    swarm.announcer.start();
    await settle();
    assert.deepEqual(swarm.found, [{ atMs: 0, peers: somePeers, localAllowed: allowed }]);
    await swarm.announcer.stop();
  }
});
