// Asks the router between us and the world to lead a port of its own to ours: by PCP, by NAT-PMP, or by UPnP, whichever works first. Keeps
// the mapping alive while it is needed and takes it back in the end. Nothing waits for it, and nothing fails with it.

import { portMappingLimits } from '../../config.ts';
import { NetworkError } from '../../errors.ts';
import { type Clock, delay } from '../../support/clock.ts';
import { withDeadline } from '../../support/deadline.ts';
import { type Endpoint, reachOf } from '../../support/endpoint.ts';
import type { Random } from '../../support/random.ts';
import { findDefaultGateway } from './default-gateway.ts';
import type { Grant, Mapper } from './mapper.ts';
import { pcpNonceBytes } from './pcp.ts';
import { natPmp, pcp, PcpMapper } from './pcp-mapper.ts';
import { UpnpMapper } from './upnp-mapper.ts';

/** Where routers are and how they are asked. */
export interface RouterAccess {
  /** The IPv4 address of the default gateway, if it can be known. */
  readonly findGateway: () => Promise<string | undefined>;
  /** Where PCP and NAT-PMP are spoken. */
  readonly pcpPort: number;
  /** Where routers that speak UPnP are looked for. */
  readonly ssdp: Endpoint;
  readonly leaseSeconds: number;
}

/** RFC 6886 and 6887: port 5351. UPnP Device Architecture 1.1, section 1: port 1900 of a multicast group. */
const realRouters: RouterAccess = {
  findGateway: findDefaultGateway,
  pcpPort: 5351,
  ssdp: { host: '239.255.255.250', port: 1900 },
  leaseSeconds: portMappingLimits.leaseSeconds,
};

/** What is told of a mapping. */
export interface PortMappingListener {
  /** The outer port that leads to ours, when it becomes known and when it changes. */
  mapped(externalPort: number): void;
  /** Why peers cannot reach us, in one printable line; not twice the same in a row. */
  warned(message: string): void;
}

/** Has the TCP port `port` mapped from now on. Returns at once. */
export function mapPort(
  port: number,
  clock: Clock,
  random: Random,
  listener: PortMappingListener,
  routers: RouterAccess = realRouters,
): PortMapping {
  return new PortMapping(port, clock, random, listener, routers);
}

/** A mapping that is kept until it is closed. */
export class PortMapping {
  readonly #port: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listener: PortMappingListener;
  readonly #routers: RouterAccess;
  readonly #nonce: Uint8Array;
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  /** Who has the mapping, or is being asked for it. */
  #mapper: Mapper | undefined;
  #externalPort: number;
  #lastWarning = '';
  #closed: Promise<void> | undefined;

  constructor(port: number, clock: Clock, random: Random, listener: PortMappingListener, routers: RouterAccess) {
    this.#port = port;
    this.#clock = clock;
    this.#random = random;
    this.#listener = listener;
    this.#routers = routers;
    this.#nonce = random.bytes(pcpNonceBytes);
    this.#externalPort = port;
    this.#kept = this.#keep(this.#stop.signal).catch(() => {}); // it ends when stopped, by the reason
  }

  /** The port to name to others: the outer one, or ours while there is none. */
  get externalPort(): number {
    return this.#externalPort;
  }

  /** Takes the mapping back, in at most a second. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stop.abort(new Error('the mapping is not needed any more'));
    await this.#kept;
    const late = (): Error => new NetworkError('no answer');
    const unmap = async (signal: AbortSignal): Promise<void> => this.#mapper?.unmap(signal);
    // What a silent router keeps it forgets at the end of the lease.
    await withDeadline(new AbortController().signal, this.#clock, portMappingLimits.goodbyeMs, late, unmap).catch(() => {});
  }

  /** Obtains the mapping, and renews it at half of its life, until stopped. */
  async #keep(signal: AbortSignal): Promise<never> {
    let failures = 0;
    for (;;) {
      try {
        const grant = await this.#obtain(signal);
        failures = 0;
        this.#granted(grant);
        const lifeMs = Math.min(grant.lifetimeSeconds, this.#routers.leaseSeconds) * 1000;
        await delay(this.#clock, Math.max(lifeMs / 2, portMappingLimits.renewMinMs), signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#warn(`port ${this.#port} is not mapped by the router: ${(error as Error).message}`);
        const { retryFirstMs, retryMaxMs } = portMappingLimits;
        await delay(this.#clock, Math.min(retryFirstMs * 2 ** failures++, retryMaxMs), signal);
      }
    }
  }

  #granted({ externalPort, externalAddress }: Grant): void {
    if (externalPort !== this.#externalPort) {
      this.#externalPort = externalPort;
      this.#listener.mapped(externalPort);
    }
    const isOutside = externalAddress === undefined || reachOf(externalAddress) === 'global';
    if (isOutside) this.#lastWarning = '';
    else this.#warn(`port ${this.#port} is mapped, but the router's own address to the outside, ${externalAddress}, is not a public one`);
  }

  /** By the first way that works; the one that worked before goes first. */
  async #obtain(signal: AbortSignal): Promise<Grant> {
    const causes = new Set<string>();
    const used = this.#mapper === undefined ? [] : [this.#mapper];
    for (const mapper of [...used, ...(await this.#mappers())]) {
      signal.throwIfAborted();
      this.#mapper = mapper;
      try {
        return await this.#map(mapper, signal);
      } catch (error) {
        signal.throwIfAborted();
        causes.add(`${mapper.protocol}: ${(error as Error).message}`);
      }
    }
    this.#mapper = undefined;
    throw new NetworkError([...causes].join('; '));
  }

  async #mappers(): Promise<Mapper[]> {
    const { findGateway, pcpPort, ssdp, leaseSeconds } = this.#routers;
    const gateway = await findGateway();
    const wish = { port: this.#port, leaseSeconds, externalPort: this.#externalPort };
    const router = gateway === undefined ? undefined : { host: gateway, port: pcpPort };
    const byDatagram =
      router === undefined ? [] : [pcp(this.#nonce), natPmp].map((speech) => new PcpMapper(speech, router, wish, this.#clock));
    return [...byDatagram, new UpnpMapper({ to: ssdp, gateway }, wish, this.#clock, this.#random)];
  }

  #map(mapper: Mapper, signal: AbortSignal): Promise<Grant> {
    const { attemptMs } = portMappingLimits;
    const late = (): Error => new NetworkError(`no mapping within ${attemptMs / 1000} s`);
    return withDeadline(signal, this.#clock, attemptMs, late, (inTime) => mapper.map(inTime));
  }

  #warn(message: string): void {
    if (message !== this.#lastWarning) this.#listener.warned(message);
    this.#lastWarning = message;
  }
}
