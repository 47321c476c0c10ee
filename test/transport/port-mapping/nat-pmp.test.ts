import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeNatPmpAddress,
  decodeNatPmpMap,
  encodeNatPmpMap,
  natPmpAddressRequest,
} from '../../../src/transport/port-mapping/nat-pmp.ts';
import { mutate, seededRandom } from '../../support/mutation.ts';

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Answers of miniupnpd 2.3.1. */
const address = '008000000000000301020304';
const granted = '00820000000000031ae11ae20000003c';

test('asks in the bytes of RFC 6886', () => {
  assert.equal(hexOf(natPmpAddressRequest), '0000');
  assert.equal(hexOf(encodeNatPmpMap({ port: 6881, externalPort: 6882, leaseSeconds: 1200 })), '000200001ae11ae2000004b0');
  assert.equal(hexOf(encodeNatPmpMap({ port: 6881, externalPort: 6882, leaseSeconds: 0 })), '000200001ae1000000000000');
});

test('reads a grant and an address', () => {
  assert.deepEqual(decodeNatPmpMap(bytesOf(granted), 6881), {
    kind: 'granted',
    externalPort: 6882,
    externalAddress: undefined,
    lifetimeSeconds: 60,
  });
  assert.equal(decodeNatPmpAddress(bytesOf(address)), '1.2.3.4');
});

const refusals: [code: string, reason: string][] = [
  ['0001', 'it does not know this version'],
  ['0002', 'it does not allow mappings'],
  ['0003', 'it has no connection itself'],
  ['0004', 'it has no room for more mappings'],
  ['0005', 'it cannot map TCP'],
  ['0100', 'it refused (code 256)'],
];

test('reads every refusal, whole or cut off behind the code', () => {
  for (const [code, reason] of refusals) {
    assert.deepEqual(decodeNatPmpMap(bytesOf(`0082${code}00000003`), 6881), { kind: 'refused', reason });
    assert.deepEqual(decodeNatPmpMap(bytesOf(`0082${code}000000031ae1000000000000`), 6881), { kind: 'refused', reason });
  }
  assert.equal(decodeNatPmpAddress(bytesOf('008000030000000301020304')), undefined);
});

test('does not take for an answer what is none', () => {
  const strangers = ['', '0082', granted.replace('0082', '0002'), granted.replace('0082', '0282'), granted.replace('0082', '0081')];
  for (const hex of [...strangers, granted.slice(0, 24), `${granted}00`]) assert.equal(decodeNatPmpMap(bytesOf(hex), 6881), undefined, hex);
  assert.equal(decodeNatPmpMap(bytesOf(granted), 6882), undefined);
  for (const hex of ['', granted, address.slice(2), `${address}00`]) assert.equal(decodeNatPmpAddress(bytesOf(hex)), undefined, hex);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      decodeNatPmpMap(bytes, 6881);
      decodeNatPmpAddress(bytes);
    }),
  );
  const random = seededRandom(2);
  for (let run = 0; run < 5_000; run++) {
    const answer = decodeNatPmpMap(mutate(bytesOf(granted), random), 6881);
    if (answer?.kind === 'granted') assert.ok(answer.externalPort < 65_536 && answer.lifetimeSeconds < 2 ** 32);
    decodeNatPmpAddress(mutate(bytesOf(address), random));
  }
});
