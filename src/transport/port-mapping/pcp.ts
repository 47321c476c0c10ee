// The MAP messages of the Port Control Protocol (RFC 6887, sections 7 and 11), for one TCP port. Pure.
//
// The epoch of an answer is not kept: it tells that a router has lost its mappings, which are then to be asked for again (section 8.5). With
// a single mapping, every answer that could show it is the answer to a request that has just made the mapping anew.
//
// request:  <version 2: u8><opcode 1: u8><reserved: u16><lifetime: u32><client address: 16 bytes>  then the mapping
// answer:   <version 2: u8><0x81: u8><reserved: u8><result: u8><lifetime: u32><epoch: u32><reserved: 12 bytes>  then the mapping
// mapping:  <nonce: 12 bytes><protocol 6: u8><reserved: 3 bytes><internal port: u16><external port: u16><external address: 16 bytes>

import { concatBytes, equalBytes, readU16, readU32, writeU16, writeU32 } from '../../support/bytes.ts';
import { decodeCompactIpv6, ipBytes } from '../../support/endpoint.ts';
import type { Grant, MappingWish } from './mapper.ts';

/** Length of the nonce that ties answers, renewals and the removal of a mapping to its first request. */
export const pcpNonceBytes = 12;

/** What a router says to a MAP request. Removing gives a grant of lifetime 0. */
export type MapAnswer =
  | ({ readonly kind: 'granted' } & Grant)
  | { readonly kind: 'refused'; readonly reason: string }
  /** It does not know this version of the protocol, or not this protocol. */
  | { readonly kind: 'other-version' };

const version = 2;
const mapAnswerOpcode = 0x81;
const headerBytes = 24;
const messageBytes = 60;
/** Section 7: no message is longer. */
const messageBytesMax = 1100;
const tcp = 6;

/** Section 7.4, in words for people. */
const refusals: Readonly<Record<number, string>> = {
  1: 'it does not know this version',
  2: 'it does not allow mappings',
  3: 'it found the request malformed',
  4: 'it cannot map ports',
  5: 'it does not know an option',
  6: 'it found an option malformed',
  7: 'it has no connection itself',
  8: 'it has no room for more mappings',
  9: 'it cannot map TCP',
  10: 'this machine has too many mappings',
  11: 'the port is taken',
  12: 'there is another router in between',
  13: 'it allows fewer peers',
};

/** A request for `wish` from `clientAddress`, the address it is sent from. `leaseSeconds` of 0 removes the mapping. */
export function encodePcpMap(wish: MappingWish, clientAddress: string, nonce: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(messageBytes);
  bytes[0] = version;
  bytes[1] = mapAnswerOpcode & 0x7f;
  writeU32(bytes, 4, wish.leaseSeconds);
  bytes.set(mapped(ipBytes(clientAddress)), 8);
  bytes.set(nonce, headerBytes);
  bytes[36] = tcp;
  writeU16(bytes, 40, wish.port);
  writeU16(bytes, 42, wish.externalPort);
  bytes.set(mapped(Uint8Array.of(0, 0, 0, 0)), 44); // no wish for an address, but of this family (section 11.1)
  return bytes;
}

/** What `bytes` answers to the request of `nonce` and `port`; undefined when it is no answer to it. */
export function decodePcpMap(bytes: Uint8Array, nonce: Uint8Array, port: number): MapAnswer | undefined {
  const isAnswer = bytes.length >= 4 && bytes.length <= messageBytesMax && ((bytes[1] as number) & 0x80) !== 0;
  if (!isAnswer) return undefined;
  if (bytes[0] !== version) return { kind: 'other-version' };
  const isOurs =
    bytes.length >= messageBytes &&
    bytes.length % 4 === 0 &&
    bytes[1] === mapAnswerOpcode &&
    equalBytes(bytes.subarray(headerBytes, headerBytes + pcpNonceBytes), nonce) &&
    bytes[36] === tcp &&
    readU16(bytes, 40) === port;
  if (!isOurs) return undefined;

  const result = bytes[3] as number;
  if (result !== 0) return { kind: 'refused', reason: refusals[result] ?? `it refused (code ${result})` };
  const [external] = decodeCompactIpv6(concatBytes([bytes.subarray(44, 60), bytes.subarray(42, 44)]));
  return {
    kind: 'granted',
    externalPort: readU16(bytes, 42),
    externalAddress: external?.host,
    lifetimeSeconds: readU32(bytes, 4),
  };
}

/** An IPv4 address as the IPv6 address that stands for it (RFC 4291, 2.5.5.2); an IPv6 address as it is. */
function mapped(address: Uint8Array): Uint8Array {
  return address.length === 16 ? address : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...address);
}
