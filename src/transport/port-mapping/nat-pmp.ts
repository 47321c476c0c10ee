// The messages of the NAT Port Mapping Protocol (RFC 6886, section 3), for one TCP port. Pure.
//
// address request:  <version 0: u8><opcode 0: u8>
// address answer:   <version 0: u8><opcode 128: u8><result: u16><seconds since start: u32><address: 4 bytes>
// mapping request:  <version 0: u8><opcode 2: u8><reserved: u16><internal port: u16><external port: u16><lifetime: u32>
// mapping answer:   <version 0: u8><opcode 130: u8><result: u16><seconds since start: u32><internal port: u16><external port: u16><lifetime: u32>

import { readU16, readU32, writeU16, writeU32 } from '../../support/bytes.ts';
import type { MappingWish } from './mapper.ts';
import type { MapAnswer } from './pcp.ts';

const version = 0;
const mapTcpOpcode = 2;
const answerBit = 128;

/** Section 3.5, in words for people. */
const refusals: Readonly<Record<number, string>> = {
  1: 'it does not know this version',
  2: 'it does not allow mappings',
  3: 'it has no connection itself',
  4: 'it has no room for more mappings',
  5: 'it cannot map TCP',
};

/** Asks for the router's own address. */
export const natPmpAddressRequest = Uint8Array.of(version, 0);

/** A request for `wish`. `leaseSeconds` of 0 removes the mapping. */
export function encodeNatPmpMap(wish: MappingWish): Uint8Array {
  const bytes = new Uint8Array(12);
  bytes[0] = version;
  bytes[1] = mapTcpOpcode;
  writeU16(bytes, 4, wish.port);
  writeU16(bytes, 6, wish.leaseSeconds === 0 ? 0 : wish.externalPort); // section 3.4: 0 when it removes
  writeU32(bytes, 8, wish.leaseSeconds);
  return bytes;
}

/** What `bytes` answers to a mapping request of `port`; undefined when it is no answer to it. */
export function decodeNatPmpMap(bytes: Uint8Array, port: number): MapAnswer | undefined {
  if (!isAnswer(bytes, mapTcpOpcode)) return undefined;
  const result = readU16(bytes, 2);
  // Some routers cut an error off behind the result (section 3.5 leaves it open).
  if (result !== 0) return { kind: 'refused', reason: refusals[result] ?? `it refused (code ${result})` };
  if (bytes.length !== 16 || readU16(bytes, 8) !== port) return undefined;
  return { kind: 'granted', externalPort: readU16(bytes, 10), externalAddress: undefined, lifetimeSeconds: readU32(bytes, 12) };
}

/** The router's own address in the answer `bytes` to an address request; undefined when it is none, or says that there is no address. */
export function decodeNatPmpAddress(bytes: Uint8Array): string | undefined {
  if (!isAnswer(bytes, 0) || bytes.length !== 12 || readU16(bytes, 2) !== 0) return undefined;
  return bytes.subarray(8, 12).join('.');
}

function isAnswer(bytes: Uint8Array, opcode: number): boolean {
  return bytes.length >= 8 && bytes.length <= 16 && bytes[0] === version && bytes[1] === opcode + answerBit;
}
