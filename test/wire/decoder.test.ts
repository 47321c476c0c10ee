import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import { WireDecoder } from '../../src/wire/decoder.ts';
import { type Handshake, encodeHandshake } from '../../src/wire/handshake.ts';
import type { Message } from '../../src/wire/messages.ts';

/** What a decoder said, as values that can be compared. */
type Heard =
  | { handshake: Handshake }
  | Message
  | { block: [piece: number, offset: number, bytes: string] }
  | { skipped: [piece: number, offset: number] };

const pieceCount = 12;
const handshake: Handshake = {
  infohash: new Uint8Array(20).fill(7),
  peerId: new Uint8Array(20).fill(9),
  supportsFast: true,
  supportsExtensions: true,
};
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** Decodes a handshake and then `bytes`, cut into chunks of these lengths (the last one repeats). */
function decode(bytes: Uint8Array, chunkLengths: readonly number[], wantsBlocks = true): Heard[] {
  const heard: Heard[] = [];
  let place: Uint8Array | undefined;
  let at: [number, number] = [0, 0];
  const decoder = new WireDecoder(pieceCount, {
    handshakeReceived: (received) => heard.push({ handshake: received }),
    messageReceived: (message) => heard.push(message),
    blockStarted(pieceIndex, blockOffset, length) {
      at = [pieceIndex, blockOffset];
      place = wantsBlocks ? new Uint8Array(length) : undefined;
      return place;
    },
    blockReceived() {
      heard.push(place === undefined ? { skipped: at } : { block: [...at, Buffer.from(place).toString('hex')] });
    },
  });
  const all = Buffer.concat([encodeHandshake(handshake), bytes]);
  let cut = 0;
  for (let chunk = 0; cut < all.length; chunk++) {
    const length = chunkLengths[Math.min(chunk, chunkLengths.length - 1)] ?? 1;
    // A copy that is overwritten afterwards: nothing may be kept of it.
    const piece = Uint8Array.from(all.subarray(cut, cut + length));
    decoder.push(piece);
    piece.fill(0xee);
    cut += length;
  }
  return heard;
}

const cases: readonly { name: string; bytes: string; heard: Heard[] }[] = [
  { name: 'a keep-alive', bytes: '00000000', heard: [{ kind: 'keep-alive' }] },
  { name: 'choke', bytes: '00000001 00', heard: [{ kind: 'choke' }] },
  { name: 'unchoke', bytes: '00000001 01', heard: [{ kind: 'unchoke' }] },
  { name: 'interested', bytes: '00000001 02', heard: [{ kind: 'interested' }] },
  { name: 'not interested', bytes: '00000001 03', heard: [{ kind: 'not-interested' }] },
  { name: 'have', bytes: '00000005 04 0000000b', heard: [{ kind: 'have', pieceIndex: 11 }] },
  { name: 'have of the largest number', bytes: '00000005 04 ffffffff', heard: [{ kind: 'have', pieceIndex: 0xffffffff }] },
  { name: 'bitfield', bytes: '00000003 05 fff0', heard: [{ kind: 'bitfield', bytes: hex('fff0') }] },
  {
    name: 'request',
    bytes: '0000000d 06 00000001 00004000 00004000',
    heard: [{ kind: 'request', block: { pieceIndex: 1, blockOffset: 16384, length: 16384 } }],
  },
  {
    name: 'cancel',
    bytes: '0000000d 08 00000001 00004000 00004000',
    heard: [{ kind: 'cancel', block: { pieceIndex: 1, blockOffset: 16384, length: 16384 } }],
  },
  { name: 'a block', bytes: '0000000d 07 00000002 00004000 a1b2c3d4', heard: [{ block: [2, 16384, 'a1b2c3d4'] }] },
  { name: 'port', bytes: '00000003 09 1ae1', heard: [{ kind: 'port', port: 6881 }] },
  { name: 'suggest piece', bytes: '00000005 0d 00000003', heard: [{ kind: 'suggest-piece', pieceIndex: 3 }] },
  { name: 'have all', bytes: '00000001 0e', heard: [{ kind: 'have-all' }] },
  { name: 'have none', bytes: '00000001 0f', heard: [{ kind: 'have-none' }] },
  {
    name: 'reject request',
    bytes: '0000000d 10 00000001 00004000 00004000',
    heard: [{ kind: 'reject-request', block: { pieceIndex: 1, blockOffset: 16384, length: 16384 } }],
  },
  { name: 'allowed fast', bytes: '00000005 11 00000003', heard: [{ kind: 'allowed-fast', pieceIndex: 3 }] },
  { name: 'extended', bytes: '00000004 14 00 6465', heard: [{ kind: 'extended', extensionId: 0, payload: hex('6465') }] },
  { name: 'an unknown message, which is passed over', bytes: '00000003 63 abcd 00000001 00', heard: [{ kind: 'choke' }] },
  {
    name: 'messages and blocks in a row',
    bytes: '00000001 01 0000000b 07 00000000 00000000 5566 00000000 0000000b 07 00000000 00004000 7788 00000001 00',
    heard: [{ kind: 'unchoke' }, { block: [0, 0, '5566'] }, { kind: 'keep-alive' }, { block: [0, 16384, '7788'] }, { kind: 'choke' }],
  },
];

describe('wire decoder', () => {
  for (const { name, bytes, heard } of cases) {
    it(`reads ${name} whole, byte by byte and cut anywhere`, () => {
      const expected = [{ handshake }, ...heard];
      assert.deepEqual(decode(hex(bytes), [1_000_000]), expected);
      assert.deepEqual(decode(hex(bytes), [1]), expected);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (lengths) => {
          assert.deepEqual(decode(hex(bytes), lengths), expected);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('passes over the bytes of a block that is not wanted', () => {
    const bytes = hex('0000000d 07 00000002 00004000 a1b2c3d4 00000001 00');
    assert.deepEqual(decode(bytes, [7], false), [{ handshake }, { skipped: [2, 16384] }, { kind: 'choke' }]);
  });

  it('writes a block only into its place, and stops when the block is abandoned', () => {
    const place = new Uint8Array(4);
    const decoder = new WireDecoder(pieceCount, {
      handshakeReceived() {},
      messageReceived() {},
      blockStarted: () => place,
      blockReceived() {},
    });
    decoder.push(encodeHandshake(handshake));
    decoder.push(hex('0000000d 07 00000002 00004000 a1b2'));
    decoder.abandonBlock();
    decoder.push(hex('c3d4'));
    assert.deepEqual(place, hex('a1b20000'));
  });

  const refused: readonly [name: string, bytes: string][] = [
    ['a length above the cap, on the prefix alone', '7fffffff'],
    ['the largest length', 'ffffffff'],
    ['a choke with a payload', '00000002 00 00'],
    ['a have of three bytes', '00000004 04 000000'],
    ['a bitfield that is too short', '00000002 05 ff'],
    ['a bitfield that is too long', '00000004 05 ffffff'],
    ['a request of eight bytes', '00000009 06 00000001 00004000'],
    ['a block without bytes', '00000009 07 00000001 00004000'],
    ['a block over 16 KiB', '0000400a 07'],
    ['a port of one byte', '00000002 09 1a'],
    ['an extended message without id', '00000001 14'],
    ['an extended message over the cap', '00020002 14'],
  ];
  for (const [name, bytes] of refused) {
    it(`refuses ${name}`, () => {
      for (const lengths of [[1_000_000], [1]]) assert.throws(() => decode(hex(bytes), lengths), ProtocolError);
    });
  }

  it('refuses a hundred and one unknown messages', () => {
    const many = (count: number): Uint8Array => Buffer.concat(Array.from({ length: count }, () => hex('00000002 63 00')));
    assert.equal(decode(many(100), [50]).length, 1);
    assert.throws(() => decode(many(101), [50]), ProtocolError);
  });

  it('refuses what does not begin like BitTorrent at the first wrong byte', () => {
    for (const greeting of ['GET / HTTP/1.1\r\n', 'SSH-2.0-OpenSSH\r\n', '\x16\x03\x01', '\x13BitTorrent protocox']) {
      const decoder = new WireDecoder(pieceCount, {
        handshakeReceived: () => assert.fail('no handshake'),
        messageReceived() {},
        blockStarted: () => undefined,
        blockReceived() {},
      });
      assert.throws(() => decoder.push(Buffer.from(greeting, 'latin1')), ProtocolError, greeting);
    }
  });

  it('answers any bytes with messages or a ProtocolError, never with anything else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
        (bytes, lengths) => {
          try {
            decode(bytes, lengths);
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
