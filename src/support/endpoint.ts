// An address of a peer: an IP literal and a port, its compact forms (BEP 5, 7, 23), and which addresses are of which reach. Pure.

import { readU16, writeU16 } from './bytes.ts';

/** Where a peer listens: an IPv4 or IPv6 literal in canonical spelling, and a port from 1 to 65 535. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How far an address reaches. Only `global` and `private` ones can be peers named by a stranger. */
export type Reach = 'global' | 'private' | 'loopback' | 'link-local' | 'unusable';

/** `1.2.3.4:6881` or `[2001:db8::1]:6881`: for people, and as a key. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

/** The endpoint of an IP literal in any spelling (an IPv4 address mapped into IPv6 becomes IPv4); undefined when it is none, or the port is out of range. */
export function makeEndpoint(host: string, port: number): Endpoint | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const canonical = addressLiteral(host);
  return canonical === undefined ? undefined : { host: canonical, port };
}

/** The endpoints in `bytes`, 6 bytes each (4 of address, 2 of port; BEP 23). A port of 0 is left out. The caller has checked the length. */
export function decodeCompactIpv4(bytes: Uint8Array): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (let at = 0; at + 6 <= bytes.length; at += 6) {
    const port = readU16(bytes, at + 4);
    if (port !== 0) endpoints.push({ host: `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`, port });
  }
  return endpoints;
}

/** The endpoints in `bytes`, 18 bytes each (16 of address, 2 of port; BEP 7). A port of 0 is left out. The caller has checked the length. */
export function decodeCompactIpv6(bytes: Uint8Array): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (let at = 0; at + 18 <= bytes.length; at += 18) {
    const host = hostOfBytes(bytes.subarray(at, at + 16));
    const port = readU16(bytes, at + 16);
    if (host !== undefined && port !== 0) endpoints.push({ host, port });
  }
  return endpoints;
}

/** 6 bytes for an IPv4 endpoint, 18 for an IPv6 one. */
export function encodeCompact(endpoint: Endpoint): Uint8Array {
  const address = ipBytes(endpoint.host);
  const bytes = new Uint8Array(address.length + 2);
  bytes.set(address);
  writeU16(bytes, address.length, endpoint.port);
  return bytes;
}

/** The 4 or 16 bytes of a canonical IP literal. */
export function ipBytes(host: string): Uint8Array {
  if (!host.includes(':')) return Uint8Array.from(host.split('.'), Number);
  const [head = '', tail] = host.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const bytes = new Uint8Array(16);
  before.forEach((group, index) => writeU16(bytes, index * 2, group));
  after.forEach((group, index) => writeU16(bytes, 16 - (after.length - index) * 2, group));
  return bytes;
}

/** The canonical literal of an address of 4 or 16 bytes (one mapped into IPv6 becomes IPv4); undefined for bytes of another length. */
export function hostOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return undefined;
  const groups: string[] = [];
  for (let group = 0; group < 8; group++) groups.push(readU16(bytes, group * 2).toString(16));
  return addressLiteral(groups.join(':'));
}

/** What one subscriber has at least, as a key: an IPv4 address, or the first 64 bits of an IPv6 one, of which it may use any other as well. */
export function subscriberOf(host: string): string {
  return host.includes(':') ? ipBytes(host).subarray(0, 8).join() : host;
}

/** How far the address of a canonical IP literal reaches (RFC 6890's registries, as far as they matter to a peer). */
export function reachOf(host: string): Reach {
  const b = ipBytes(host);
  return b.length === 4 ? reachOfIpv4(b) : reachOfIpv6(b);
}

function reachOfIpv4(b: Uint8Array): Reach {
  const [first = 0, second = 0] = b;
  if (first === 127) return 'loopback';
  if (first === 0 || first >= 224) return 'unusable'; // "this network", multicast, reserved, broadcast
  if (first === 169 && second === 254) return 'link-local'; // cloud metadata services live here
  if (first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168)) return 'private';
  if (first === 100 && second >= 64 && second < 128) return 'private'; // carrier-grade NAT
  return 'global';
}

function reachOfIpv6(b: Uint8Array): Reach {
  const [first = 0, second = 0] = b;
  if (b.subarray(0, 15).every((byte) => byte === 0)) return b[15] === 1 ? 'loopback' : 'unusable';
  if (first === 0xff) return 'unusable'; // multicast
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'link-local';
  if (b.subarray(0, 8).every((byte) => byte === 0)) return reachOfIpv4(b.subarray(12)); // RFC 4291, 2.5.5.1; RFC 2765, 2.1: it carries an IPv4 address
  if ((first & 0xfe) === 0xfc || (first === 0xfe && (second & 0xc0) === 0xc0)) return 'private'; // unique local, once site-local
  // NAT64 (64:ff9b::/96) and 6to4 (2002::/16) carry an IPv4 address: it decides.
  if (first === 0 && second === 0x64 && b[2] === 0xff && b[3] === 0x9b) return reachOfIpv4(b.subarray(12));
  if (first === 0x20 && second === 0x02) return reachOfIpv4(b.subarray(2, 6));
  return 'global';
}

const decimalByte = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4Literal = new RegExp(`^${decimalByte}(\\.${decimalByte}){3}$`);

/** The canonical spelling of an IP literal (an IPv4 address mapped into IPv6 becomes IPv4); undefined when `host` is none. */
export function addressLiteral(host: string): string | undefined {
  if (ipv4Literal.test(host)) return host;
  // The URL parser knows every spelling of an IPv6 literal; held to its characters, since a `]` would smuggle in another host.
  if (!/^[0-9a-f:.]+$/i.test(host) || !host.includes(':') || !URL.canParse(`http://[${host}]/`)) return undefined;
  const canonical = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (mapped === null) return canonical;
  const high = Number.parseInt(mapped[1] as string, 16);
  const low = Number.parseInt(mapped[2] as string, 16);
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}
