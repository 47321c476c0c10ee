// A program for the machine behind the router of router-network.ts: maps ports in every way, and downloads with a mapped port. Prints what
// the router's list of mappings said at each step, as JSON. Its argument is that list's file; torrents go beside it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/support/clock.ts';
import { systemRandom } from '../../src/support/random.ts';
import { findDefaultGateway } from '../../src/transport/port-mapping/default-gateway.ts';
import type { Grant } from '../../src/transport/port-mapping/mapper.ts';
import { natPmp, pcp, PcpMapper } from '../../src/transport/port-mapping/pcp-mapper.ts';
import { mapPort } from '../../src/transport/port-mapping/port-mapping.ts';
import { makeTorrent } from './make-torrent.ts';
import { runCli } from './run-cli.ts';
import { Seeder } from './seeder.ts';
import { FakeTracker } from './tracker.ts';

interface Lease {
  readonly externalPort: number;
  readonly expiry: number;
  readonly description: string;
}

/** What the router's list said of one port while it was mapped. `after`: whether it was still there in the end. */
export interface MappedLife {
  readonly first: Lease;
  readonly renewed: Lease;
  readonly after: boolean;
  readonly warnings: readonly string[];
}

export interface Findings {
  readonly gateway: string | undefined;
  readonly pcp: MappedLife;
  readonly upnp: MappedLife;
  readonly natPmp: MappedLife & { readonly grant: Grant };
  readonly download: {
    readonly exitCode: number | null;
    readonly stderr: string;
    readonly externalPort: number;
    readonly announced: readonly (readonly [event: string, port: string])[];
    readonly after: boolean;
  };
}

const leaseFile = process.argv[2] ?? '';
const never = new AbortController().signal;
const ssdp = { host: '239.255.255.250', port: 1900 };
const closedPort = 9;

/** The router's list, which is no file while it is empty. */
function leases(): string {
  return existsSync(leaseFile) ? readFileSync(leaseFile, 'utf8') : '';
}

function leaseOf(port: number): Lease | undefined {
  const fields = leases()
    .split('\n')
    .map((line) => line.split(':'));
  const [, externalPort, , , expiry, description = ''] = fields.find((field) => field[3] === String(port)) ?? [];
  return externalPort === undefined ? undefined : { externalPort: Number(externalPort), expiry: Number(expiry), description };
}

/** Looks at the list until it has a lease of `port` that `isWanted`; half a minute at most. */
async function leaseThat(port: number, isWanted: (lease: Lease) => boolean): Promise<Lease> {
  for (let looked = 0; looked < 600; looked++) {
    const lease = leaseOf(port);
    if (lease !== undefined && isWanted(lease)) return lease;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the router's list never had it: ${leases()}`);
}

async function keptMapping(port: number, pcpPort: number): Promise<MappedLife> {
  const warnings: string[] = [];
  const listener = { mapped: () => {}, warned: (message: string) => void warnings.push(message) };
  const routers = { findGateway: findDefaultGateway, pcpPort, ssdp, leaseSeconds: 8 };
  const mapping = mapPort(port, systemClock, systemRandom, listener, routers);
  const first = await leaseThat(port, () => true);
  const renewed = await leaseThat(port, (lease) => lease.expiry > first.expiry);
  await mapping.close();
  return { first, renewed, after: leaseOf(port) !== undefined, warnings };
}

async function byNatPmp(router: string, port: number): Promise<Findings['natPmp']> {
  const mapper = (leaseSeconds: number): PcpMapper =>
    new PcpMapper(natPmp, { host: router, port: 5351 }, { port, leaseSeconds, externalPort: port }, systemClock);
  const grant = await mapper(10).map(never);
  const first = await leaseThat(port, () => true);
  const longer = mapper(60);
  await longer.map(never);
  const renewed = await leaseThat(port, (lease) => lease.expiry > first.expiry);
  await longer.unmap(never);
  return { grant, first, renewed, after: leaseOf(port) !== undefined, warnings: [] };
}

/** The outer port of the same number belongs to somebody else. The seeder sends nothing before there is a mapping. */
async function downloadMapped(router: string, port: number): Promise<Findings['download']> {
  const wish = { port: 7000, leaseSeconds: 60, externalPort: port };
  await new PcpMapper(pcp(systemRandom.bytes(12)), { host: router, port: 5351 }, wish, systemClock).map(never);
  const shape = { name: 'mapped.bin', pieceLength: 16_384, length: 100_000 };
  let lease: Lease | undefined;
  const seeder = await Seeder.start({
    torrent: makeTorrent(shape),
    behaviour: {
      requested: (connection, request) =>
        void leaseThat(port, () => true).then((found) => {
          lease = found;
          connection.serve(request);
          return undefined;
        }),
    },
  });
  const tracker = await FakeTracker.start({ peers: [seeder] });
  const directory = path.dirname(leaseFile);
  const torrent = path.join(directory, 'mapped.torrent');
  writeFileSync(torrent, makeTorrent({ ...shape, trackers: [[tracker.url]] }).bytes);
  const { exitCode, stderr } = await runCli(['get', torrent, '-o', directory, '--port', String(port), '--map-port', '-v']);
  const announced = tracker.announces.map(({ event = '', query }) => [event, query.get('port') ?? ''] as const);
  await seeder.close();
  await tracker.close();
  return { exitCode, stderr, externalPort: lease?.externalPort ?? 0, announced, after: leaseOf(port) !== undefined };
}

const gateway = await findDefaultGateway();
const [keptByPcp, keptByUpnp, keptByNatPmp] = await Promise.all([
  keptMapping(7001, 5351),
  keptMapping(7002, closedPort),
  byNatPmp(gateway ?? '', 7003),
]);
const download = await downloadMapped(gateway ?? '', 7004);
const findings: Findings = { gateway, pcp: keptByPcp, upnp: keptByUpnp, natPmp: keptByNatPmp, download };
process.stdout.write(JSON.stringify(findings));
