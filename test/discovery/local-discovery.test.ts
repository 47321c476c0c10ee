import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocalDiscovery } from '../../src/discovery/local-discovery.ts';
import type { SourceReport } from '../../src/discovery/peer-source.ts';
import { type Endpoint, formatEndpoint } from '../../src/support/endpoint.ts';
import { HandClock, settle } from '../support/hand-clock.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const infohash = new Uint8Array(20).fill(0xab);
const minute = 60_000;

/** A torrent's local discovery on networks that the test plays. */
class Scene {
  readonly clock = new HandClock();
  readonly sent: { atMs: number; group: string; text: string }[] = [];
  readonly found: string[] = [];
  readonly reports: SourceReport[] = [];
  /** Whoever wants to join waits for it. */
  gate: Promise<void> | undefined;
  /** Groups that cannot be joined. */
  readonly unreachable = new Set<string>();
  open = 0;
  port: number | undefined = 6881;
  hear: (text: string, sender: string) => void = () => {};
  readonly discovery = new LocalDiscovery({
    infohash,
    port: () => this.port,
    join: async (group: Endpoint, received) => {
      if (group.host.includes(':')) await this.gate;
      if (this.unreachable.has(group.host)) throw new Error('operation not permitted');
      this.open++;
      this.hear = (text, sender) => received(Buffer.from(text), sender);
      const send = (bytes: Uint8Array): void => {
        this.sent.push({ atMs: this.clock.nowMs(), group: formatEndpoint(group), text: Buffer.from(bytes).toString() });
      };
      return { send, close: () => void this.open-- };
    },
    clock: this.clock,
    random: seededRandom(1),
    listener: {
      foundPeers: (origin, peers, localAllowed, namedBy) =>
        this.found.push(...peers.map((peer) => `${origin} ${formatEndpoint(peer)} ${localAllowed} ${namedBy}`)),
      seenAs() {},
      reported: (report) => this.reports.push(report),
    },
  });

  async start(): Promise<this> {
    this.discovery.start();
    await settle();
    return this;
  }

  /** Another client's announce. */
  static announce(port: number, hash = 'AB'.repeat(20)): string {
    return `BT-SEARCH * HTTP/1.1\r\nHost: x\r\nPort: ${port}\r\nInfohash: ${hash}\r\n\r\n\r\n`;
  }
}

describe('local discovery', () => {
  it('announces to both groups at once and every five minutes', async () => {
    const scene = await new Scene().start();
    assert.deepEqual(
      scene.sent.map(({ group }) => group),
      ['239.192.152.143:6771', '[ff15::efc0:988f]:6771'],
    );
    assert.match(
      scene.sent[0]?.text ?? '',
      new RegExp(`^BT-SEARCH .*\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${'ab'.repeat(20)}\r\n`),
    );
    await scene.clock.run(11 * minute);
    assert.deepEqual(
      scene.sent.map(({ atMs }) => atMs / minute),
      [0, 0, 5, 5, 10, 10],
    );
    await scene.discovery.stop();
    assert.deepEqual([scene.open, scene.clock.pendingTimers], [0, 0]);
  });

  it('joins a group once, however long that takes', async () => {
    const scene = new Scene();
    let open = (): void => {};
    scene.gate = new Promise((resolve) => (open = resolve));
    await scene.start();
    await scene.clock.run(6 * minute);
    open();
    await settle();
    assert.equal(scene.open, 2);
    await scene.discovery.stop();
    assert.equal(scene.open, 0);
  });

  it('hears others on the same torrent, and not itself', async () => {
    const scene = await new Scene().start();
    scene.hear(Scene.announce(7000), '192.168.1.7');
    scene.hear(Scene.announce(7000), '192.168.1.7');
    scene.hear(Scene.announce(7000, '00'.repeat(20)), '192.168.1.8');
    scene.hear(scene.sent[0]?.text ?? '', '192.168.1.2');
    scene.hear(Scene.announce(7000), 'fe80::1%eth0');
    scene.hear('nonsense', '192.168.1.9');
    assert.deepEqual(scene.found, ['lsd 192.168.1.7:7000 false lsd']);
    const report = { kind: 'lsd', source: 'local discovery', outcome: 'answered', message: '192.168.1.7:7000', peerCount: 1 };
    assert.deepEqual(scene.reports, [report]);
  });

  it('answers a newcomer with an announce of its own, at most one a minute', async () => {
    const scene = await new Scene().start();
    for (let second = 5; second < 200; second += 5) {
      await scene.clock.run(5000);
      scene.hear(Scene.announce(7000), `192.168.1.${second}`);
    }
    const times = scene.sent.map(({ atMs }) => atMs);
    assert.deepEqual(
      [...new Set(times)].map((atMs) => atMs / 1000),
      [0, 60, 120, 180],
    );
  });

  it('takes so many of a flood and no more', async () => {
    const scene = await new Scene().start();
    for (let port = 1; port <= 10_000; port++) scene.hear(Scene.announce(port), '192.168.1.7');
    assert.deepEqual([scene.found.length, scene.reports.length], [50, 50]);
  });

  it('only hears when it does not listen for peers', async () => {
    const scene = new Scene();
    scene.port = undefined;
    await scene.start();
    scene.hear(Scene.announce(7000), '192.168.1.7');
    assert.deepEqual([scene.sent.length, scene.found.length], [0, 1]);
  });

  it('does with one family, and where there is none says so once and tries again', async () => {
    const one = new Scene();
    one.unreachable.add('ff15::efc0:988f');
    await one.start();
    assert.deepEqual([one.discovery.isUsable, one.reports.length, one.sent.length], [true, 0, 1]);
    const none = new Scene();
    for (const host of ['239.192.152.143', 'ff15::efc0:988f']) none.unreachable.add(host);
    await none.start();
    await none.clock.run(11 * minute);
    assert.deepEqual(
      [none.discovery.isUsable, none.reports.map(({ outcome, message }) => `${outcome}: ${message}`)],
      [false, ['failed: operation not permitted']],
    );
    none.unreachable.clear();
    await none.clock.run(5 * minute);
    assert.deepEqual([none.discovery.isUsable, none.sent.length], [true, 2]);
  });

  it('leaves nothing open when it is stopped while it joins', async () => {
    const scene = new Scene();
    scene.discovery.start();
    await scene.discovery.stop();
    await settle();
    assert.deepEqual([scene.open, scene.sent.length, scene.discovery.isUsable], [0, 0, false]);
  });
});
