import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, afterEach, test } from 'node:test';
import { type PortMapping, mapPort } from '../../../src/transport/port-mapping/port-mapping.ts';
import { HandClock, settle } from '../../support/hand-clock.ts';
import {
  natPmpAnswer,
  pcpGrant,
  type RouterScript,
  routerDescription,
  type ScriptedRouter,
  searchAnswer,
  soapFault,
  soapResponse,
  startRouter,
} from '../../support/scripted-router.ts';

const ip1 = 'urn:schemas-upnp-org:service:WANIPConnection:1';
const ip2 = 'urn:schemas-upnp-org:service:WANIPConnection:2';

/** A mapping of port 6881 under way, with what it tells. */
interface Run {
  readonly router: ScriptedRouter;
  readonly mapping: PortMapping;
  readonly clock: HandClock;
  readonly ports: number[];
  readonly warnings: string[];
}

const runs: Run[] = [];

async function start(script: RouterScript, gateway = '127.0.0.1'): Promise<Run> {
  const router = await startRouter(script);
  const clock = new HandClock();
  const ports: number[] = [];
  const warnings: string[] = [];
  const random = { bytes: (length: number) => Buffer.alloc(length, 7), fraction: () => 0.5 };
  const listener = { mapped: (port: number) => void ports.push(port), warned: (message: string) => void warnings.push(message) };
  const mapping = mapPort(6881, clock, random, listener, {
    findGateway: async () => (gateway === 'unknown' ? undefined : gateway),
    pcpPort: router.pcpPort,
    ssdp: { host: router.host, port: router.ssdpPort },
    leaseSeconds: 1200,
  });
  const run = { router, mapping, clock, ports, warnings };
  runs.push(run);
  return run;
}

/** Lets a millisecond of the hand clock pass with each turn of the event loop until `condition` holds. */
async function until(clock: HandClock, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50_000 && !condition(); turn++) {
    await settle();
    clock.advance(1);
  }
  assert.ok(condition(), `never: ${String(condition)}`);
}

/** Lets time pass until nothing is under way: only the next renewal, or the next try, is waited for. */
async function untilRest({ clock }: Run): Promise<void> {
  await until(clock, () => clock.pendingTimers === 1 && (clock.nextTimerMs ?? 0) > clock.nowMs() + 20_000);
}

async function close({ mapping, clock }: Run): Promise<void> {
  let isClosed = false;
  void mapping.close().finally(() => {
    isClosed = true;
  });
  const begunMs = clock.nowMs();
  await until(clock, () => isClosed);
  assert.ok(clock.nowMs() - begunMs <= 1_001, 'it takes a second at most');
  assert.equal(clock.pendingTimers, 0);
}

afterEach(async () => {
  for (const run of runs.splice(0)) {
    await close(run);
    await run.router.close();
  }
});

/** Lease and outer port of each mapping request of PCP. */
const leases = ({ datagrams }: ScriptedRouter): [lease: number, port: number][] =>
  datagrams.filter((bytes) => bytes[0] === 2).map((bytes) => [bytes.readUInt32BE(4), bytes.readUInt16BE(42)]);

test('maps by PCP, renews at half of the granted life, and takes the mapping back', async () => {
  const run = await start({ onDatagram: (bytes) => [pcpGrant(bytes, 7000, bytes.readUInt32BE(4) === 0 ? 0 : 600)] });
  const { router, mapping, clock, ports, warnings } = run;
  await until(clock, () => ports.length > 0);
  assert.equal(mapping.externalPort, 7000);
  clock.advance(299_000);
  assert.equal(router.datagrams.length, 1);
  await until(clock, () => router.datagrams.length === 2);
  await untilRest(run);
  await close(run);
  assert.deepEqual(leases(router), [
    [1200, 6881],
    [1200, 7000],
    [0, 7000],
  ]);
  assert.equal(new Set(router.datagrams.map((bytes) => bytes.toString('hex', 24, 36))).size, 1, 'one nonce');
  assert.deepEqual([ports, warnings], [[7000], []]);
});

test('says nothing of a port that is the same outside', async () => {
  const run = await start({ onDatagram: (bytes) => [pcpGrant(bytes, 6881, 600)] });
  await untilRest(run);
  assert.deepEqual([run.ports, run.warnings, run.mapping.externalPort], [[], [], 6881]);
});

test('asks again when a datagram is lost', async () => {
  let heard = 0;
  const run = await start({ onDatagram: (bytes) => (++heard < 3 ? [] : [pcpGrant(bytes, 7000, 600)]) });
  await until(run.clock, () => run.ports.length > 0);
  assert.equal(run.router.datagrams.length, 3);
  assert.deepEqual(run.warnings, []);
});

test('does not renew more often than every 4 s, however short the lease is', async () => {
  const run = await start({ onDatagram: (bytes) => [pcpGrant(bytes, 7000, 1)] });
  await until(run.clock, () => run.ports.length > 0);
  await until(run.clock, () => run.clock.pendingTimers === 1);
  const mappedMs = run.clock.nowMs();
  assert.ok((run.clock.nextTimerMs ?? 0) > mappedMs + 3_900);
});

test('speaks NAT-PMP to a router that knows no PCP, and tells of a router behind a router', async () => {
  const run = await start({ onDatagram: (bytes) => [natPmpAnswer(bytes, 7000, '192.168.0.2')] });
  await until(run.clock, () => run.warnings.length > 0);
  assert.equal(run.mapping.externalPort, 7000);
  assert.deepEqual(run.warnings, ["port 6881 is mapped, but the router's own address to the outside, 192.168.0.2, is not a public one"]);
  await close(run);
  assert.equal(run.router.datagrams.at(-1)?.toString('hex'), '000200001ae1000000000000');
});

test('listens to nobody but the router, and to no answer that is not for it', async () => {
  const stranger = createSocket('udp4');
  await new Promise<void>((resolve) => stranger.bind(0, '127.0.0.2', resolve));
  after(() => stranger.close());
  const run = await start({
    onDatagram(bytes) {
      const otherNonce = pcpGrant(bytes, 1, 600);
      otherNonce[24] = 0;
      const asker = run.router.askers.at(-1);
      stranger.send(pcpGrant(bytes, 2, 600), asker?.port, asker?.address);
      return [otherNonce, Buffer.from('hello'), Buffer.alloc(1200), pcpGrant(bytes, 7000, 600)];
    },
  });
  await until(run.clock, () => run.ports.length > 0);
  assert.deepEqual(run.ports, [7000]);
});

/** A router that speaks UPnP and keeps its mappings in `mapped`. */
function upnpRouter(serviceType: string, answer: RouterScript['onAction']): RouterScript {
  return {
    onSearch: (ownUrl) => ownUrl,
    description: routerDescription(serviceType, '/ctl?a=1&amp;b=2'),
    onAction: (action, args) =>
      action === 'GetExternalIPAddress'
        ? soapResponse(action, { NewExternalIPAddress: '1.2.3.4' })
        : (answer?.(action, args) ?? soapResponse(action, {})),
  };
}

test('maps by UPnP version 1, renews, and takes the mapping back', async () => {
  const asked: ReadonlyMap<string, string>[] = [];
  const script = upnpRouter(ip1, (action, args) => {
    asked.push(args);
    return soapResponse(action, {});
  });
  const run = await start(script);
  const { router, clock } = run;
  await untilRest(run);
  clock.advance(600_000);
  await untilRest(run);
  await close(run);
  const add = 'AddPortMapping 6881';
  assert.deepEqual(router.actions, [add, 'GetExternalIPAddress', add, 'GetExternalIPAddress', 'DeletePortMapping 6881']);
  assert.deepEqual(Object.fromEntries(asked[0] ?? []), {
    NewRemoteHost: '',
    NewExternalPort: '6881',
    NewProtocol: 'TCP',
    NewInternalPort: '6881',
    NewInternalClient: '127.0.0.1',
    NewEnabled: '1',
    NewPortMappingDescription: 'ttorrent',
    NewLeaseDuration: '1200',
  });
  assert.deepEqual(run.warnings, []);
});

test('takes the port that a router of version 2 chooses, and renews that', async () => {
  const run = await start(
    upnpRouter(ip2, (action) => soapResponse(action, action === 'AddAnyPortMapping' ? { NewReservedPort: 7000 } : {})),
  );
  const { router, clock } = run;
  await untilRest(run);
  clock.advance(600_000);
  await untilRest(run);
  await close(run);
  assert.deepEqual(run.ports, [7000]);
  assert.deepEqual(
    router.actions.filter((action) => action !== 'GetExternalIPAddress'),
    ['AddAnyPortMapping 6881', 'AddPortMapping 7000', 'DeletePortMapping 7000'],
  );
});

test("tries another port where the wished one is taken, but not for ever, and deletes nobody else's", async () => {
  const taken = (count: number): RouterScript => {
    let tried = 0;
    return upnpRouter(ip1, (action) =>
      action === 'AddPortMapping' && tried++ < count ? soapFault(718, 'Conflict') : soapResponse(action, {}),
    );
  };
  const lucky = await start(taken(1));
  await untilRest(lucky);
  assert.deepEqual(lucky.ports, [57_344]);

  const unlucky = await start(taken(100));
  await until(unlucky.clock, () => unlucky.warnings.length === 1);
  await close(unlucky);
  assert.deepEqual(unlucky.router.actions, ['AddPortMapping 6881', ...Array(3).fill('AddPortMapping 57344')]);
  assert.match(unlucky.warnings[0] ?? '', /^port 6881 is not mapped by the router: .*UPnP: it refused \(718 Conflict\)$/);
});

test('asks for a mapping without end where a router has no other, and takes it back', async () => {
  const run = await start(
    upnpRouter(ip1, (action, args) =>
      action === 'AddPortMapping' && args.get('NewLeaseDuration') !== '0' ? soapFault(725, 'Only permanent') : soapResponse(action, {}),
    ),
  );
  await untilRest(run);
  await close(run);
  assert.equal(run.router.actions.at(-1), 'DeletePortMapping 6881');
});

test("takes back a mapping without end also when it is stopped before the answer, but not where the port is somebody else's", async () => {
  const permanentOnly = (answer: string | undefined): RouterScript => ({
    ...upnpRouter(ip1, undefined),
    onAction: (action, args) => {
      if (action !== 'AddPortMapping') return soapResponse(action, {});
      return args.get('NewLeaseDuration') === '0' ? answer : soapFault(725, 'Only permanent');
    },
  });
  const stopped = await start(permanentOnly(undefined));
  await until(stopped.clock, () => stopped.router.actions.length === 2);
  await close(stopped);
  const add = 'AddPortMapping 6881';
  assert.deepEqual(stopped.router.actions, [add, add, 'DeletePortMapping 6881']);

  const refused = await start(permanentOnly(soapFault(501, 'No')));
  await until(refused.clock, () => refused.warnings.length === 1);
  await close(refused);
  assert.deepEqual(refused.router.actions, [add, add]);
});

test('a grant of no time or of no port is none', async () => {
  for (const [port, lifetime] of [
    [7000, 0],
    [0, 600],
  ] as const) {
    const run = await start({ onDatagram: (bytes) => (bytes[0] === 2 ? [pcpGrant(bytes, port, lifetime)] : []) });
    await until(run.clock, () => run.warnings.length === 1);
    assert.match(run.warnings[0] ?? '', /: PCP: it granted nothing; /);
    await close(run);
    assert.equal(run.mapping.externalPort, 6881);
  }
});

test('warns in one printable line when nobody answers or all refuse, once, and tries again later', async () => {
  let answers = false;
  const refusal = pcpGrant(Buffer.alloc(60, 2), 0, 0);
  const run = await start({
    onDatagram(bytes) {
      if (answers) return [pcpGrant(bytes, 7000, 600)];
      if (bytes[0] !== 2) return [];
      const refused = pcpGrant(bytes, 0, 0);
      refused[3] = 2;
      return [refusal, refused];
    },
    ...upnpRouter(ip1, () => soapFault(501, '&#27;[31mAction&#10;Failed')),
  });
  const { clock, warnings } = run;
  await untilRest(run);
  clock.advance(60_000);
  await untilRest(run);
  assert.equal(run.router.actions.length, 2);
  answers = true;
  clock.advance(120_000);
  await untilRest(run);
  assert.deepEqual(run.ports, [7000]);
  assert.deepEqual(warnings, [
    'port 6881 is not mapped by the router: PCP: it does not allow mappings; NAT-PMP: no answer; UPnP: it refused (501 \\x1b[31mAction\\x0aFailed)',
  ]);
});

test('without a known gateway asks by UPnP alone', async () => {
  const run = await start(
    upnpRouter(ip1, (action) => soapResponse(action, {})),
    'unknown',
  );
  await untilRest(run);
  assert.deepEqual([run.router.actions.length, run.router.datagrams.length], [2, 0]);
});

test('believes no search answer of anybody but the gateway', async () => {
  const run = await start(upnpRouter(ip1, undefined), '127.0.0.2');
  await until(run.clock, () => run.warnings.length === 1);
  assert.deepEqual(run.router.actions, []);
});

const hostile: Record<string, { script: RouterScript; warning: RegExp }> = {
  'leads elsewhere': { script: { onSearch: () => 'http://127.0.0.2:1/' }, warning: /UPnP: no answer$/ },
  'has no description': {
    script: { onSearch: (url) => url, onHttp: (_request, response) => Boolean(response.writeHead(404).end()) },
    warning: /UPnP: its description is not there \(HTTP 404\)$/,
  },
  redirects: {
    script: {
      onSearch: (url) => url,
      onHttp: (_request, response) => Boolean(response.writeHead(302, { location: 'http://127.0.0.2/' }).end()),
    },
    warning: /UPnP: its description is not there \(HTTP 302\)$/,
  },
  'sends too much': {
    script: { onSearch: (url) => url, description: ' '.repeat(200_000) },
    warning: /UPnP: the answer is larger than 131072 bytes$/,
  },
  'sends no XML': { script: { onSearch: (url) => url, description: '<html><br></html>' }, warning: /UPnP: its XML is not usable: / },
  'has no service': {
    script: { onSearch: (url) => url, description: routerDescription('urn:other', '/') },
    warning: /UPnP: the router has no service for it$/,
  },
  'never ends its answer': {
    script: { onSearch: (url) => url, onHttp: (_request, response) => response.writeHead(200).write('<') },
    warning: /UPnP: no mapping within 10 s$/,
  },
  'answers an action with nothing': { script: upnpRouter(ip1, () => '<a/>'), warning: /UPnP: it gave no answer to AddPortMapping$/ },
};

for (const [what, { script, warning }] of Object.entries(hostile)) {
  test(`gives up on a router that ${what}`, async () => {
    const run = await start(script);
    await until(run.clock, () => run.warnings.length === 1);
    assert.match(run.warnings[0] ?? '', warning);
  });
}

test('a flood of search answers ends in a bounded search', async () => {
  const run = await start({ onSearch: (url) => url }, 'unknown');
  await until(run.clock, () => run.router.searchers.length > 0);
  const searcher = run.router.searchers[0];
  const flood = createSocket('udp4');
  after(() => flood.close());
  for (let sent = 0; sent < 500; sent++) {
    flood.send(
      searchAnswer('urn:schemas-upnp-org:device:InternetGatewayDevice:1', `http://127.0.0.1:1/${sent}`),
      searcher?.port,
      '127.0.0.1',
    );
  }
  await until(run.clock, () => run.warnings.length === 1);
});

test('can be closed at any moment', async () => {
  for (let turns = 0; turns < 60; turns += 3) {
    const run = await start({ ...upnpRouter(turns % 2 === 0 ? ip1 : ip2, undefined) }, turns % 4 === 0 ? 'unknown' : '127.0.0.1');
    for (let turn = 0; turn < turns; turn++) {
      await settle();
      run.clock.advance(40);
    }
    await close(run);
  }
});
