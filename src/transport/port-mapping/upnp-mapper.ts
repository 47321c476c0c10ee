// Has a port mapped by UPnP: finds a router by SSDP, reads its description, and asks for the mapping by SOAP (Internet Gateway Device 1
// and 2, services WANIPConnection and WANPPPConnection).

import { portMappingLimits } from '../../config.ts';
import { NetworkError, ProtocolError } from '../../errors.ts';
import type { Clock } from '../../support/clock.ts';
import { addressLiteral, type Endpoint } from '../../support/endpoint.ts';
import type { Random } from '../../support/random.ts';
import { toText } from '../../support/text.ts';
import { type HttpAnswer, httpGet, httpPost } from '../http-get.ts';
import { directNetwork } from '../network.ts';
import { networkCause } from '../network-cause.ts';
import { askByDatagram, localAddressTowards } from './datagrams.ts';
import type { Grant, Mapper, MappingWish } from './mapper.ts';
import { readSoapAnswer, type SoapOutcome, soapRequest } from './soap.ts';
import { descriptionUrlIn, ssdpSearches } from './ssdp.ts';
import { connectionOfVersion2, connectionsIn, type UpnpConnection } from './upnp-description.ts';

/** Devices answer within a second; the first search may be lost. */
const searchTimes = { sendAtMs: [0, 700], giveUpMs: 2_000 } as const;
/** Routers whose descriptions are read, where several answer. */
const descriptionsMax = 4;
/** Outer ports that are tried when the one we would like is somebody else's. */
const portsTried = 4;

/** WANIPConnection:2, table 2-16: what is worth another try, and how. */
const conflicts: ReadonlySet<number> = new Set([718, 729]);
const onlyPermanentLeases = 725;

/** Where routers are looked for. */
export interface UpnpSearch {
  /** SSDP's group: 239.255.255.250, port 1900. */
  readonly to: Endpoint;
  /** The default gateway, if it is known: then nobody else may answer. */
  readonly gateway: string | undefined;
}

/** One mapping at a router that speaks UPnP. */
export class UpnpMapper implements Mapper {
  readonly protocol = 'UPnP';
  readonly #search: UpnpSearch;
  readonly #clock: Clock;
  readonly #random: Random;
  #wish: MappingWish;
  /** The connection that has our mapping. */
  #used: UpnpConnection | undefined;
  /** Where a mapping of ours may be, and would stay. */
  #toRemove: { readonly connection: UpnpConnection; readonly externalPort: number } | undefined;

  constructor(search: UpnpSearch, wish: MappingWish, clock: Clock, random: Random) {
    this.#search = search;
    this.#wish = wish;
    this.#clock = clock;
    this.#random = random;
  }

  async map(signal: AbortSignal): Promise<Grant> {
    const connections = this.#used === undefined ? await this.#discover(signal) : [this.#used];
    let failure: Error = new NetworkError('no router answered');
    for (const connection of connections) {
      try {
        return await this.#mapAt(connection, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure = error as Error;
      }
    }
    throw failure;
  }

  async unmap(signal: AbortSignal): Promise<void> {
    if (this.#toRemove === undefined) return;
    const { connection, externalPort } = this.#toRemove;
    await act(connection, 'DeletePortMapping', { NewRemoteHost: '', NewExternalPort: externalPort, NewProtocol: 'TCP' }, signal);
  }

  async #mapAt(connection: UpnpConnection, signal: AbortSignal): Promise<Grant> {
    const externalPort = (await this.#addAny(connection, signal)) ?? (await this.#add(connection, signal));
    this.#used = connection;
    this.#toRemove = { connection, externalPort };
    this.#wish = { ...this.#wish, externalPort };
    const address = await act(connection, 'GetExternalIPAddress', {}, signal).catch(() => undefined);
    signal.throwIfAborted();
    const externalAddress = address?.kind === 'done' ? addressLiteral(address.values.get('NewExternalIPAddress') ?? '') : undefined;
    return { externalPort, externalAddress, lifetimeSeconds: this.#wish.leaseSeconds || portMappingLimits.leaseSeconds };
  }

  /** A mapping of whatever outer port is free; undefined where a router cannot do that, or when one that we have is to be renewed. */
  async #addAny(connection: UpnpConnection, signal: AbortSignal): Promise<number | undefined> {
    if (connection.serviceType !== connectionOfVersion2 || this.#used !== undefined) return undefined;
    const outcome = await act(connection, 'AddAnyPortMapping', await this.#arguments(connection, signal), signal);
    const port = outcome.kind === 'done' ? Number(outcome.values.get('NewReservedPort')) : 0;
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  }

  async #add(connection: UpnpConnection, signal: AbortSignal): Promise<number> {
    for (let tried = 1; ; ) {
      const { externalPort, leaseSeconds } = this.#wish;
      // One that never ends must not be left behind, also when we are stopped before the answer.
      if (leaseSeconds === 0) this.#toRemove = { connection, externalPort };
      const outcome = await act(connection, 'AddPortMapping', await this.#arguments(connection, signal), signal);
      if (outcome.kind === 'done') return externalPort;

      this.#toRemove = undefined;
      if (outcome.code === onlyPermanentLeases && leaseSeconds !== 0) this.#wish = { ...this.#wish, leaseSeconds: 0 };
      else if (conflicts.has(outcome.code) && tried++ < portsTried) this.#wish = { ...this.#wish, externalPort: this.#anyPort() };
      else throw new ProtocolError(`it refused (${[outcome.code, outcome.description].join(' ').trim()})`);
    }
  }

  async #arguments(connection: UpnpConnection, signal: AbortSignal): Promise<Record<string, string | number>> {
    return {
      NewRemoteHost: '',
      NewExternalPort: this.#wish.externalPort,
      NewProtocol: 'TCP',
      NewInternalPort: this.#wish.port,
      NewInternalClient: await localAddressTowards(connection.controlUrl.hostname, signal),
      NewEnabled: 1,
      NewPortMappingDescription: 'ttorrent',
      NewLeaseDuration: this.#wish.leaseSeconds,
    };
  }

  /** One of the ports that are nobody's (RFC 6335, section 6). */
  #anyPort(): number {
    return 49_152 + Math.floor(this.#random.fraction() * (65_536 - 49_152));
  }

  async #discover(signal: AbortSignal): Promise<UpnpConnection[]> {
    const { to, gateway } = this.#search;
    const isFrom = (sender: string): boolean => gateway === undefined || sender === gateway;
    const urls = await askByDatagram(
      {
        to,
        onlyFromThere: false,
        messages: () => ssdpSearches(to),
        ...searchTimes,
        read: (bytes, sender) => (isFrom(sender) ? descriptionUrlIn(bytes, sender) : undefined),
        isEnough: (answers) => gateway !== undefined && answers.length > 0,
      },
      this.#clock,
      signal,
    );
    if (urls.length === 0) throw new NetworkError('no answer');
    const connections: UpnpConnection[] = [];
    let failure: Error = new ProtocolError('the router has no service for it');
    for (const href of [...new Set(urls.map((url) => url.href))].slice(0, descriptionsMax)) {
      try {
        connections.push(...(await readDescription(new URL(href), signal)));
      } catch (error) {
        signal.throwIfAborted();
        failure = error as Error;
      }
    }
    if (connections.length === 0) throw failure;
    return connections;
  }
}

async function readDescription(location: URL, signal: AbortSignal): Promise<UpnpConnection[]> {
  const answer = await answered(httpGet(hopTo(location), directNetwork, portMappingLimits, signal), signal);
  if (answer.status !== 200) throw new ProtocolError(`its description is not there (HTTP ${answer.status})`);
  return connectionsIn(toText(answer.body), location);
}

async function act(
  { serviceType, controlUrl }: UpnpConnection,
  action: string,
  args: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
): Promise<SoapOutcome> {
  const post = soapRequest(serviceType, action, args);
  const answer = await answered(httpPost(hopTo(controlUrl), post, directNetwork, portMappingLimits, signal), signal);
  return readSoapAnswer(toText(answer.body), action);
}

/** The router's own address: as good as typed, since nobody else was able to name it. */
function hopTo(url: URL): { readonly url: URL; readonly typed: true; readonly redirectedFrom: undefined } {
  return { url, typed: true, redirectedFrom: undefined };
}

async function answered(exchange: Promise<HttpAnswer>, signal: AbortSignal): Promise<HttpAnswer> {
  try {
    return await exchange;
  } catch (error) {
    signal.throwIfAborted();
    throw networkCause(error);
  }
}
