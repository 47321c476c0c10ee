import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePcpMap, encodePcpMap, pcpNonceBytes } from '../../../src/transport/port-mapping/pcp.ts';
import { mutate, seededRandom } from '../../support/mutation.ts';

const nonce = Buffer.from('000102030405060708090a0b', 'hex');
const wish = { port: 6881, leaseSeconds: 1200, externalPort: 6882 };

/** An answer of miniupnpd 2.3.1, with our nonce and ports in it. */
const granted =
  '02810000' +
  '0000003c' +
  '00000003' +
  '000000000000000000000000' +
  '000102030405060708090a0b' +
  '06000000' +
  '1ae1' +
  '1ae2' +
  '00000000000000000000ffff01020304';

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
/** `granted` with `hex` written at byte `at`. */
const changed = (at: number, hex: string): Uint8Array => bytesOf(granted.slice(0, at * 2) + hex + granted.slice(at * 2 + hex.length));

test('asks for a mapping in the bytes of RFC 6887', () => {
  assert.equal(
    Buffer.from(encodePcpMap(wish, '192.168.1.2', nonce)).toString('hex'),
    '02010000' +
      '000004b0' +
      '00000000000000000000ffffc0a80102' +
      '000102030405060708090a0b' +
      '06000000' +
      '1ae1' +
      '1ae2' +
      '00000000000000000000ffff00000000',
  );
  assert.equal(encodePcpMap(wish, 'fd00::1', nonce)[8], 0xfd);
});

test('reads a grant', () => {
  assert.deepEqual(decodePcpMap(bytesOf(granted), nonce, 6881), {
    kind: 'granted',
    externalPort: 6882,
    externalAddress: '1.2.3.4',
    lifetimeSeconds: 60,
  });
  const withOption = bytesOf(`${granted}02000004deadbeef`);
  assert.deepEqual(decodePcpMap(withOption, nonce, 6881), decodePcpMap(bytesOf(granted), nonce, 6881));
});

const refusals: [code: number, reason: string][] = [
  [1, 'it does not know this version'],
  [2, 'it does not allow mappings'],
  [3, 'it found the request malformed'],
  [4, 'it cannot map ports'],
  [5, 'it does not know an option'],
  [6, 'it found an option malformed'],
  [7, 'it has no connection itself'],
  [8, 'it has no room for more mappings'],
  [9, 'it cannot map TCP'],
  [10, 'this machine has too many mappings'],
  [11, 'the port is taken'],
  [12, 'there is another router in between'],
  [13, 'it allows fewer peers'],
  [14, 'it refused (code 14)'],
  [255, 'it refused (code 255)'],
];

test('reads every refusal', () => {
  for (const [code, reason] of refusals) {
    const answer = decodePcpMap(changed(3, code.toString(16).padStart(2, '0')), nonce, 6881);
    assert.deepEqual(answer, { kind: 'refused', reason });
  }
});

test('sees that another version is spoken', () => {
  assert.deepEqual(decodePcpMap(bytesOf('0081000100000003'), nonce, 6881), { kind: 'other-version' });
  assert.deepEqual(decodePcpMap(changed(0, '01'), nonce, 6881), { kind: 'other-version' });
});

const strangers: Record<string, Uint8Array> = {
  nothing: new Uint8Array(),
  'a request': changed(1, '01'),
  'another opcode': changed(1, '82'),
  'another nonce': changed(24, 'ff'),
  'another protocol': changed(36, '11'),
  'another port': changed(40, '1ae3'),
  'half an answer': bytesOf(granted).subarray(0, 40),
  'a length that is no multiple of 4': bytesOf(`${granted}00`),
  'too many bytes': Buffer.concat([bytesOf(granted), Buffer.alloc(1044)]),
};

test('does not take for an answer what is none', () => {
  for (const [what, bytes] of Object.entries(strangers)) assert.equal(decodePcpMap(bytes, nonce, 6881), undefined, what);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
      decodePcpMap(bytes, nonce, 6881);
    }),
  );
  const random = seededRandom(1);
  for (let run = 0; run < 5_000; run++) {
    const answer = decodePcpMap(mutate(bytesOf(granted), random), nonce, 6881);
    if (answer?.kind === 'granted') assert.ok(answer.externalPort < 65_536 && answer.lifetimeSeconds < 2 ** 32);
  }
});

test('a grant answers only the request of its nonce', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: pcpNonceBytes, maxLength: pcpNonceBytes }), (other) => {
      const isSame = Buffer.compare(other, nonce) === 0;
      assert.equal(decodePcpMap(bytesOf(granted), other, 6881) !== undefined, isSame);
    }),
  );
});
