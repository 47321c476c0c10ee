import assert from 'node:assert/strict';
import { createDiffieHellman, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError } from '../../src/errors.ts';
import type { Random } from '../../src/support/random.ts';
import { type KeyExchange, MseHandshake, msePrime } from '../../src/wire/mse.ts';
import { Rc4 } from '../../src/wire/rc4.ts';
import { mutate, seededRandom as numbers } from '../support/mutation.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

interface Vector {
  readonly name: string;
  readonly offered: number;
  readonly chosen: number;
  readonly part: (name: string) => Buffer;
  readonly keysA: KeyExchange;
  readonly keysB: KeyExchange;
}

const { handshakes } = JSON.parse(readFileSync('fixtures/mse/vectors.json', 'utf8')) as { handshakes: Record<string, string>[] };
const vectors = handshakes.map((parts): Vector => {
  const part = (name: string): Buffer => Buffer.from(parts[name] ?? assert.fail(name), 'hex');
  const keys = { keysA: keysOf(part('privateA')), keysB: keysOf(part('privateB')) };
  return { name: parts['name'] ?? '', offered: Number(parts['offered']), chosen: Number(parts['chosen']), part, ...keys };
});
const vector = vectors[0] ?? assert.fail('no vectors');

/** The most that a side may send in its handshake. */
const longest = 96 + 512 + 20 + 20 + 8 + 4 + 2 + 512 + 2;

function keysOf(privateKey: Uint8Array): KeyExchange {
  const pair = createDiffieHellman(msePrime, 'hex', 2); // 13 ms
  pair.setPrivateKey(privateKey);
  const publicKey = pair.generateKeys();
  return { publicKey, secretWith: (theirs) => pair.computeSecret(theirs) };
}

const keysA = keysOf(Buffer.alloc(20, 0xa1));
const keysB = keysOf(Buffer.alloc(20, 0xb2));
const infohash = new Uint8Array(20).fill(4);

/** Gives the paddings of a vector, in order. */
function paddings(...pads: Buffer[]): Random {
  let next = 0;
  return { fraction: () => ((pads[next]?.length ?? 0) + 0.5) / 513, bytes: () => pads[next++] ?? assert.fail('no padding left') };
}

function initiator(from: Vector): MseHandshake {
  const random = paddings(from.part('padA'), from.part('padC'));
  const policy = from.offered === 2 ? 'require' : 'prefer';
  return MseHandshake.initiate({ keys: from.keysA, random, policy }, from.part('infohash'), from.part('payload'));
}

function responder(from: Vector): MseHandshake {
  const random = paddings(from.part('padB'), from.part('padD'));
  const others = [0, 1, 2].map((byte) => new Uint8Array(20).fill(byte));
  const policy = from.chosen === 2 ? 'require' : 'prefer';
  return MseHandshake.respond({ keys: from.keysB, random, policy }, [...others, from.part('infohash')]);
}

const taken = (handshake: MseHandshake): Buffer => Buffer.from(handshake.outgoing.take() ?? []);

/** Gives `bytes` to a handshake in chunks of these lengths, the last one again and again; returns what it said and what it left, decrypted. */
function run(handshake: MseHandshake, bytes: Buffer, lengths: readonly number[]): { said: Buffer; heard: Buffer } {
  const said = [taken(handshake)];
  const heard: Uint8Array[] = [];
  let at = 0;
  for (let chunk = 0; at < bytes.length; chunk++) {
    const length = lengths[Math.min(chunk, lengths.length - 1)] ?? 1;
    const part = Uint8Array.from(bytes.subarray(at, at + length));
    const rest = part.subarray(handshake.push(part));
    handshake.channel?.decrypt(rest);
    said.push(taken(handshake));
    heard.push(Uint8Array.from(rest));
    part.fill(0xee); // nothing may be kept of it
    at += length;
  }
  return { said: Buffer.concat(said), heard: Buffer.concat(heard) };
}

const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });

/** Whole, byte by byte, and cut at random. */
function eachCut(check: (lengths: readonly number[]) => void): void {
  check([1_000_000]);
  check([1]);
  fc.assert(fc.property(cuts, check), { numRuns: 10 });
}

describe('encrypted handshake', () => {
  for (const from of vectors) {
    const method = from.chosen === 2 ? 'rc4' : 'plaintext';

    it(`of who dialled is what others compute: ${from.name}`, () => {
      eachCut((lengths) => {
        const handshake = initiator(from);
        const { said, heard } = run(handshake, Buffer.concat([from.part('firstB'), from.part('lastB'), from.part('sentB')]), lengths);
        assert.deepEqual(said, Buffer.concat([from.part('firstA'), from.part('lastA')]));
        assert.deepEqual(heard, from.part('saidB'));
        assert.equal(handshake.channel?.method, method);
        assert.deepEqual(Buffer.from(handshake.channel.encrypt(from.part('saidA'))), from.part('sentA'));
      });
    });

    it(`of who accepted is what others compute: ${from.name}`, () => {
      eachCut((lengths) => {
        const handshake = responder(from);
        const { said, heard } = run(handshake, Buffer.concat([from.part('firstA'), from.part('lastA'), from.part('sentA')]), lengths);
        assert.deepEqual(said, Buffer.concat([from.part('firstB'), from.part('lastB')]));
        assert.deepEqual(heard, Buffer.concat([from.part('payload'), from.part('saidA')]));
        assert.equal(handshake.channel?.method, method);
        assert.deepEqual(Buffer.from(handshake.channel.infohash ?? []), from.part('infohash'));
        assert.deepEqual(Buffer.from(handshake.channel.encrypt(from.part('saidB'))), from.part('sentB'));
      });
    });
  }

  it('joins any two of us, whatever the padding, the payload and the cuts', () => {
    const policies = fc.constantFrom('prefer', 'require');
    fc.assert(
      fc.property(fc.integer(), policies, policies, fc.uint8Array({ maxLength: 300 }), cuts, (seed, policyA, policyB, payload, lengths) => {
        const random = seededRandom(seed);
        const a = MseHandshake.initiate({ keys: keysA, random, policy: policyA }, infohash, payload);
        const b = MseHandshake.respond({ keys: keysB, random, policy: policyB }, [infohash]);
        const toB: Buffer[] = [];
        for (let turn = 0; a.channel === undefined || b.channel === undefined; turn++) {
          assert.ok(turn < 4, 'they talk past each other');
          const { said, heard } = run(b, taken(a), lengths);
          toB.push(heard);
          const answer = run(a, said, lengths);
          assert.equal(answer.heard.length, 0);
          a.outgoing.append(answer.said);
        }
        assert.deepEqual(Buffer.concat(toB), Buffer.from(payload));
        assert.equal(a.channel.method, policyA === 'prefer' && policyB === 'prefer' ? 'plaintext' : 'rc4');
        assert.equal(b.channel.method, a.channel.method);
        for (const [from, to] of [
          [a.channel, b.channel],
          [b.channel, a.channel],
        ] as const) {
          const bytes = random.bytes(1000);
          const sent = Uint8Array.from(from.encrypt(bytes));
          for (let at = 0, i = 0; at < sent.length; at += lengths[i++ % lengths.length] ?? 1)
            to.decrypt(sent.subarray(at, at + (lengths[i % lengths.length] ?? 1)));
          assert.deepEqual(sent, bytes);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leaves bytes alone that the caller keeps', () => {
    const handshake = responder(vector);
    run(handshake, Buffer.concat([vector.part('firstA'), vector.part('lastA')]), [1_000_000]);
    const kept = new Uint8Array(100).fill(9);
    handshake.channel?.encrypt(kept);
    assert.deepEqual(kept, new Uint8Array(100).fill(9));
  });

  it('passes a plain handshake on where that is allowed', () => {
    const plain = Buffer.from(`\x13BitTorrent protocol${'x'.repeat(48)} and more`, 'latin1');
    eachCut((lengths) => {
      const handshake = MseHandshake.respond({ keys: keysB, random: seededRandom(1), policy: 'prefer' }, [infohash]);
      const { said, heard } = run(handshake, plain, lengths);
      assert.equal(handshake.channel?.method, 'unencrypted');
      assert.deepEqual(Buffer.concat([handshake.channel.firstBytes, heard]), plain);
      assert.equal(said.length, 0);
    });
    const strict = MseHandshake.respond({ keys: keysB, random: seededRandom(1), policy: 'require' }, [infohash]);
    assert.throws(() => run(strict, plain, [7]), ProtocolError);
  });
});

const prime = BigInt(`0x${msePrime}`);
const secret = keysA.secretWith(keysB.publicKey);
const none = Buffer.alloc(0);
const zeros = Buffer.alloc(8);
const number = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(192, '0'), 'hex');
const sha1 = (...parts: (string | Uint8Array)[]): Buffer =>
  createHash('sha1')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const mask = sha1('req3', secret);
const proofOf = (hash: Uint8Array): Buffer => Buffer.from(sha1('req2', hash).map((byte, i) => byte ^ (mask[i] ?? 0)));

/** The beginning of the stream that the side with this label sends. */
function encrypted(label: 'keyA' | 'keyB', ...parts: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(parts);
  new Rc4(sha1(label, secret, infohash)).apply(bytes);
  return bytes;
}

const request = (...parts: Uint8Array[]): Buffer =>
  Buffer.concat([keysA.publicKey, sha1('req1', secret), proofOf(infohash), encrypted('keyA', ...parts)]);
const answer = (...parts: Uint8Array[]): Buffer => Buffer.concat([keysB.publicKey, encrypted('keyB', ...parts)]);
const dial = (policy: 'prefer' | 'require'): MseHandshake =>
  MseHandshake.initiate({ keys: keysA, random: seededRandom(1), policy }, infohash, new Uint8Array(68));
const accept = (policy: 'prefer' | 'require'): MseHandshake =>
  MseHandshake.respond({ keys: keysB, random: seededRandom(1), policy }, [infohash]);

describe('hostile encrypted handshake', () => {
  const keys: readonly [string, bigint][] = [
    ['0', 0n],
    ['1', 1n],
    ['p - 1', prime - 1n],
    ['p', prime],
    ['p + 1', prime + 1n],
    ['the largest number', 2n ** 768n - 1n],
  ];
  const refused: readonly [name: string, handshake: () => MseHandshake, bytes: Buffer, complaint: RegExp][] = [
    ...keys.flatMap(([name, value]): (typeof refused)[number][] => [
      [`the key ${name} of who accepted`, () => dial('prefer'), number(value), /no usable key/],
      [`the key ${name} of who dialled`, () => accept('prefer'), number(value), /no usable key/],
    ]),
    ['513 bytes before the answer', () => dial('prefer'), Buffer.concat([keysB.publicKey, Buffer.alloc(520)]), /does not follow/],
    ['513 bytes before the proof', () => accept('prefer'), Buffer.concat([keysA.publicKey, Buffer.alloc(532)]), /does not follow/],
    [
      'another torrent',
      () => accept('prefer'),
      Buffer.concat([keysA.publicKey, sha1('req1', secret), proofOf(Buffer.alloc(20, 1))]),
      /another torrent/,
    ],
    ['another key', () => accept('prefer'), request(Buffer.alloc(8, 1), Buffer.alloc(4, 3)), /another key/],
    ['no method', () => accept('prefer'), request(zeros, Buffer.from([0, 0, 0, 0])), /offers no encryption/],
    ['unknown methods', () => accept('prefer'), request(zeros, Buffer.from([255, 255, 255, 252])), /offers no encryption/],
    ['plain alone where RC4 is required', () => accept('require'), request(zeros, Buffer.from([0, 0, 0, 1])), /offers no encryption/],
    ['513 bytes of padding offered', () => accept('prefer'), request(zeros, Buffer.from([0, 0, 0, 3]), u16(513)), /513 bytes of padding/],
    ['65535 bytes of padding offered', () => accept('prefer'), request(zeros, Buffer.from([0, 0, 0, 3]), u16(65_535)), /65535 bytes/],
    ['no method chosen', () => dial('prefer'), answer(zeros, Buffer.from([0, 0, 0, 0])), /not offered/],
    ['both methods chosen', () => dial('prefer'), answer(zeros, Buffer.from([0, 0, 0, 3])), /not offered/],
    ['an unknown method chosen', () => dial('prefer'), answer(zeros, Buffer.from([0, 0, 0, 4])), /not offered/],
    ['plain chosen where RC4 is required', () => dial('require'), answer(zeros, Buffer.from([0, 0, 0, 1])), /not offered/],
    [
      '513 bytes of padding in the answer',
      () => dial('prefer'),
      answer(zeros, Buffer.from([0, 0, 0, 2]), u16(513)),
      /513 bytes of padding/,
    ],
  ];
  for (const [name, handshake, bytes, complaint] of refused) {
    it(`is refused: ${name}`, () => {
      for (const lengths of [[1_000_000], [1]]) {
        assert.throws(
          () => run(handshake(), bytes, lengths),
          (error: unknown) => error instanceof ProtocolError && complaint.test(error.message),
        );
      }
      // Up to the last byte but one there is nothing to complain of.
      run(handshake(), bytes.subarray(0, -1), [1_000_000]);
    });
  }

  it('is refused where the key is one that OpenSSL refuses', () => {
    const strict: KeyExchange = { publicKey: keysA.publicKey, secretWith: () => assert.fail('invalid key') };
    const handshake = MseHandshake.respond({ keys: strict, random: seededRandom(1), policy: 'prefer' }, [infohash]);
    assert.throws(() => handshake.push(Uint8Array.from(keysB.publicKey)), ProtocolError);
  });

  it('may have 512 bytes of padding, and tells apart a mark that begins in it', () => {
    const almost = Buffer.concat([Buffer.alloc(492), sha1('req1', secret).subarray(0, 19), Buffer.alloc(1)]);
    const bytes = Buffer.concat([keysA.publicKey, almost, request(zeros, Buffer.from([0, 0, 0, 2]), u16(0), u16(0)).subarray(96)]);
    const handshake = accept('require');
    run(handshake, bytes, [9]);
    assert.equal(handshake.channel?.method, 'rc4');
  });

  it('is never more than what the longest may have, and ends in agreement or a ProtocolError', () => {
    const random = numbers(7);
    const toA = answer(zeros, Buffer.from([0, 0, 0, 2]), u16(30), Buffer.alloc(30));
    const toB = request(zeros, Buffer.from([0, 0, 0, 2]), u16(30), Buffer.alloc(30), u16(68), Buffer.alloc(68));
    const outcomes = { agreed: 0, refused: 0, waiting: 0 };
    for (let round = 0; round < 3000; round++) {
      const [handshake, good] = round % 2 === 0 ? [dial('prefer'), toA] : [accept('prefer'), toB];
      // Half of them with a key that is right: the interesting part comes behind it.
      const kept = round % 4 < 2 ? 96 : 0;
      const tail = Buffer.from(Array.from({ length: 2000 }, () => Math.floor(random() * 256)));
      const bytes = Buffer.concat([good.subarray(0, kept), mutate(good.subarray(kept), random), random() < 0.8 ? tail : none]);
      let used = 0;
      try {
        for (let at = 0; at < bytes.length; at += 50) used += handshake.push(bytes.subarray(at, at + 50));
        outcomes[handshake.channel === undefined ? 'waiting' : 'agreed']++;
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
        outcomes.refused++;
      }
      assert.ok(used <= longest, `${used} bytes were taken for a handshake`);
      assert.ok(handshake.outgoing.length <= longest + 68);
    }
    assert.ok(outcomes.agreed > 50 && outcomes.refused > 500, JSON.stringify(outcomes));
  });

  it('of any bytes at all takes no more than that', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2000, maxLength: 3000 }), fc.boolean(), (bytes, isDialled) => {
        const handshake = isDialled ? dial('prefer') : accept('prefer');
        assert.throws(() => handshake.push(bytes), ProtocolError);
        assert.ok(handshake.outgoing.length <= longest + 68);
      }),
      { numRuns: 300 },
    );
  });
});
