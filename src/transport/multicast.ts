// Datagrams to and from a multicast group, on every network that the machine is in.

import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { lsdLimits } from '../config.ts';
import { NetworkError } from '../errors.ts';
import { addressLiteral, type Endpoint } from '../support/endpoint.ts';
import { familyOf, type Network } from './network.ts';
import { networkCause } from './network-cause.ts';

/** Membership of a group. */
export interface Multicast {
  /** Sends to the group on every network; what is lost is lost. */
  send(bytes: Uint8Array): void;
  close(): void;
}

/**
 * Joins `group` on every interface that is not loopback, or on the one that `network` is bound to. `received` is called with each datagram and its sender's address until `close`. Throws
 * NetworkError when no interface allows it.
 */
export async function joinMulticast(
  group: Endpoint,
  network: Network,
  received: (bytes: Uint8Array, sender: string) => void,
): Promise<Multicast> {
  const interfaces = interfacesFor(group, network).slice(0, lsdLimits.interfaces);
  const outcomes = await Promise.allSettled(interfaces.map((address) => join(group, address, received)));
  const sockets = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (sockets.length === 0) {
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    throw refused === undefined ? new NetworkError('no network to speak to') : networkCause(refused.reason);
  }
  return {
    send(bytes) {
      for (const socket of sockets) socket.send(bytes, group.port, group.host, () => {});
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

/** A way to name each interface that has a usable address of the family: by that address, of IPv6 by its own name. */
function interfacesFor({ host }: Endpoint, { families }: Network): string[] {
  const family = familyOf(host);
  if (!families.has(family)) return [];
  const bound = families.get(family);
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const ofFamily = addresses.filter((candidate) => candidate.family === `IPv${family}` && !candidate.internal);
    const found = ofFamily.find(({ address }) => bound === undefined || addressLiteral(address) === bound);
    if (found === undefined) return [];
    return [family === 4 ? found.address : `::%${name}`];
  });
}

async function join(group: Endpoint, address: string, received: (bytes: Uint8Array, sender: string) => void): Promise<Socket> {
  const isIpv6 = group.host.includes(':');
  const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', reuseAddr: true, ...(isIpv6 && { ipv6Only: true }) });
  try {
    // Bound to the group, it gets nothing that strangers send to the port of this machine.
    socket.bind(group.port, group.host);
    await once(socket, 'listening');
    socket.addMembership(group.host, address);
    socket.setMulticastInterface(address);
    socket.on('message', (bytes, sender) => received(bytes, sender.address));
    socket.on('error', () => {}); // a network that went away; others may be there
    return socket;
  } catch (error) {
    socket.on('error', () => {}).close();
    throw error;
  }
}
