import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireLimits } from '../../src/config.ts';
import { ProtocolError } from '../../src/errors.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import type { Handshake } from '../../src/wire/handshake.ts';
import type { Message } from '../../src/wire/messages.ts';
import { type BlockArrival, PeerProtocol } from '../../src/wire/peer-protocol.ts';
import type { BlockRequest } from '../../src/wire/request-book.ts';

const block = wireLimits.blockBytes;
const length = 3 * 4 * block + 100;
const file = { index: 0, path: ['f'], length, torrentOffset: 0, pad: false, executable: false };
/** Three pieces of four blocks and a last one of 100 bytes. */
const geometry = new Geometry({ pieceCount: 4, pieceLength: 4 * block, totalLength: length, files: [file] });
const infohash = new Uint8Array(20).fill(1);
const ours: Handshake = { infohash, peerId: new Uint8Array(20).fill(2), supportsFast: true, supportsExtensions: true };
const theirs: Handshake = { infohash, peerId: new Uint8Array(20).fill(3), supportsFast: true, supportsExtensions: true };

/** A machine after its handshakes, with a log of what it told. */
class Scene {
  readonly told: string[] = [];
  readonly returned: BlockRequest[] = [];
  readonly arrivals: BlockArrival[] = [];
  onReturned: () => void = () => {};
  mayHave = true;
  place: Uint8Array | undefined = new Uint8Array(block);
  readonly protocol: PeerProtocol;

  constructor(remote: Handshake = theirs) {
    this.protocol = new PeerProtocol(
      geometry,
      ours,
      { listenPort: 6881, takesPex: true, yourIp: undefined },
      {
        handshakeDone: () => this.told.push('handshake'),
        piecesLearned: () => this.told.push('pieces'),
        pieceLearned: (piece) => this.told.push(`piece ${piece}`),
        blockUnasked: (bytes) => this.told.push(`unasked ${bytes}`),
        blocksReturned: (blocks) => {
          this.returned.push(...blocks);
          this.onReturned();
        },
        blockStarted: () => this.place,
        blockReceived: (arrival) => this.arrivals.push(arrival),
        extensionsLearned: () => this.told.push('extensions'),
        pexReceived: (payload) => this.told.push(`pex ${payload.length}`),
        mayHave: () => this.mayHave,
        interestChanged: () => this.told.push('interest'),
      },
    );
    this.protocol.handshakeReceived(remote);
    this.protocol.outgoing.take();
  }

  hear(...messages: Message[]): this {
    for (const message of messages) this.protocol.messageReceived(message);
    return this;
  }

  /** Hex of what the machine wants to send. */
  sent(): string {
    return Buffer.from(this.protocol.outgoing.take() ?? []).toString('hex');
  }

  receive(pieceIndex: number, blockOffset: number, bytes: number): void {
    this.protocol.blockStarted(pieceIndex, blockOffset, bytes);
    this.protocol.blockReceived();
  }

  /** Every piece there, unchoked, and these blocks on request. */
  asking(...blocks: [piece: number, block: number][]): this {
    this.hear({ kind: 'have-all' }, { kind: 'unchoke' });
    for (const [piece, index] of blocks) this.protocol.request(piece, index, 0);
    this.sent();
    return this;
  }
}

const plain: Handshake = { ...theirs, supportsFast: false };

describe('peer protocol', () => {
  it('refuses a handshake for another torrent, and its own', () => {
    assert.throws(() => new Scene({ ...theirs, infohash: new Uint8Array(20) }), ProtocolError);
    assert.throws(() => new Scene({ ...theirs, peerId: ours.peerId }), ProtocolError);
  });

  it('introduces itself with its extensions and its pieces', () => {
    const scene = new Scene();
    scene.protocol.sendIntroduction(new Bitfield(4), false);
    assert.match(scene.sent(), /^000000010f000000..1400/);
    scene.protocol.sendIntroduction(Bitfield.full(4), false);
    assert.match(scene.sent(), /^000000010e/);
    const some = new Bitfield(4);
    some.add(1);
    scene.protocol.sendIntroduction(some, false);
    assert.match(scene.sent(), /^000000020540/);
    const old = new Scene({ ...plain, supportsExtensions: false });
    old.protocol.sendIntroduction(new Bitfield(4), false);
    assert.equal(old.sent(), '');
  });

  it('learns pieces from a bitfield, have-all, have-none and have', () => {
    const scene = new Scene().hear(
      { kind: 'bitfield', bytes: Uint8Array.of(0xa0) },
      { kind: 'have', pieceIndex: 1 },
      { kind: 'have', pieceIndex: 1 },
    );
    assert.deepEqual([...scene.protocol.peerHas], [0, 1, 2]);
    assert.deepEqual(scene.told, ['handshake', 'pieces', 'piece 1']);
    assert.ok(new Scene().hear({ kind: 'have-all' }).protocol.peerHas.isFull);
    assert.equal(new Scene().hear({ kind: 'have-none' }).protocol.peerHas.count, 0);
  });

  it('takes a bitfield after an extension handshake or a port, as clients in the field send it', () => {
    const scene = new Scene(plain).hear(
      { kind: 'extended', extensionId: 0, payload: Buffer.from('de') },
      { kind: 'port', port: 1 },
      { kind: 'keep-alive' },
      { kind: 'bitfield', bytes: Uint8Array.of(0xf0) },
    );
    assert.ok(scene.protocol.peerHas.isFull);
  });

  it('takes a bitfield or have-all later for as many `have`, as aria2 means it, and not have-none', () => {
    const first: Message = { kind: 'have', pieceIndex: 1 };
    const scene = new Scene().hear(first, { kind: 'unchoke' }, { kind: 'bitfield', bytes: Uint8Array.of(0xc0) });
    assert.deepEqual([...scene.protocol.peerHas], [0, 1]);
    scene.hear({ kind: 'have-all' }, { kind: 'bitfield', bytes: Uint8Array.of(0x80) });
    assert.ok(scene.protocol.peerHas.isFull);
    assert.deepEqual(scene.told, ['handshake', 'piece 1', 'piece 0', 'piece 2', 'piece 3']);
    assert.throws(() => scene.hear({ kind: 'have-none' }), ProtocolError);
    assert.throws(() => scene.hear({ kind: 'bitfield', bytes: Uint8Array.of(0xf8) }), ProtocolError);
  });

  const outOfRange: Message[] = [
    { kind: 'have', pieceIndex: 4 },
    { kind: 'have', pieceIndex: 2 ** 31 },
    { kind: 'have', pieceIndex: 2 ** 32 - 1 },
    { kind: 'suggest-piece', pieceIndex: 4 },
    { kind: 'allowed-fast', pieceIndex: 2 ** 32 - 1 },
    { kind: 'bitfield', bytes: Uint8Array.of(0xf8) },
    ...(['request', 'cancel', 'reject-request'] as const).flatMap((kind): Message[] => [
      { kind, block: { pieceIndex: 4, blockOffset: 0, length: block } },
      { kind, block: { pieceIndex: 3, blockOffset: 0, length: 101 } },
      { kind, block: { pieceIndex: 0, blockOffset: 2 ** 32 - 1, length: 1 } },
      { kind, block: { pieceIndex: 0, blockOffset: 0, length: 0 } },
      { kind, block: { pieceIndex: 0, blockOffset: 0, length: 2 ** 31 } },
    ]),
  ];
  for (const message of outOfRange) {
    it(`refuses ${JSON.stringify(message)} in a torrent of four pieces, and changes nothing`, () => {
      const scene = new Scene();
      assert.throws(() => scene.hear(message), ProtocolError);
      assert.equal(scene.protocol.peerHas.count, 0);
      assert.equal(scene.sent(), '');
    });
  }

  it('refuses messages of the fast extension when it was not agreed', () => {
    const blockRange = { pieceIndex: 0, blockOffset: 0, length: block };
    const messages: Message[] = [
      { kind: 'have-all' },
      { kind: 'have-none' },
      { kind: 'suggest-piece', pieceIndex: 0 },
      { kind: 'allowed-fast', pieceIndex: 0 },
      { kind: 'reject-request', block: blockRange },
    ];
    for (const message of messages) assert.throws(() => new Scene(plain).hear(message), ProtocolError, message.kind);
  });

  it('says interested and not interested once each', () => {
    const scene = new Scene();
    scene.protocol.setInterested(true);
    scene.protocol.setInterested(true);
    assert.equal(scene.sent(), '0000000102');
    scene.protocol.setInterested(false);
    assert.equal(scene.sent(), '0000000103');
  });

  it('asks with the right length, shorter at the end of the torrent', () => {
    const scene = new Scene().hear({ kind: 'have-all' }, { kind: 'unchoke' });
    scene.protocol.request(1, 2, 0);
    scene.protocol.request(3, 0, 0);
    assert.equal(scene.sent(), '0000000d060000000100008000000040000000000d06000000030000000000000064');
  });

  it('hands over the block it asked for', () => {
    const scene = new Scene().asking([0, 1]);
    scene.receive(0, block, block);
    assert.deepEqual(scene.arrivals, [
      { block: { pieceIndex: 0, blockIndex: 1, sentMs: 0 }, length: block, stored: true, wasOutstanding: true },
    ]);
    assert.equal(scene.protocol.outstanding.size, 0);
  });

  it('takes no place for a block that nobody asked for, and closes at the 65th', () => {
    const scene = new Scene().asking([0, 1]);
    for (let i = 0; i < 64; i++) assert.equal(scene.protocol.blockStarted(0, 2 * block, block), undefined);
    assert.throws(() => scene.protocol.blockStarted(0, 2 * block, block), ProtocolError);
    assert.deepEqual(scene.arrivals, []);
  });

  it('refuses a block of another length than asked, and one outside its piece', () => {
    const scene = new Scene().asking([0, 1]);
    assert.throws(() => scene.protocol.blockStarted(0, block, block - 1), ProtocolError);
    assert.throws(() => scene.protocol.blockStarted(3, block, block), ProtocolError);
    assert.throws(() => scene.protocol.blockStarted(4, 0, block), ProtocolError);
  });

  it('gives back all that was asked for at a choke, and is not surprised when it comes all the same', () => {
    const scene = new Scene(plain).hear({ kind: 'bitfield', bytes: Uint8Array.of(0xf0) }, { kind: 'unchoke' });
    scene.protocol.request(0, 0, 5);
    scene.protocol.request(0, 1, 5);
    scene.hear({ kind: 'choke' });
    assert.deepEqual(
      scene.returned.map((returned) => returned.blockIndex),
      [0, 1],
    );
    assert.equal(scene.protocol.mayRequestAnything, false);
    scene.receive(0, 0, block);
    assert.equal(scene.arrivals.at(-1)?.wasOutstanding, false);
  });

  it('tells of a choke also when nothing was asked for', () => {
    let chokes = 0;
    const scene = new Scene().asking([0, 1]);
    scene.receive(0, block, block);
    scene.onReturned = () => chokes++;
    scene.hear({ kind: 'choke' });
    assert.equal(chokes, 1);
  });

  it('takes every request back at the peer as well', () => {
    const scene = new Scene().asking([0, 0], [0, 1]);
    assert.equal(scene.protocol.cancelOutstanding().length, 2);
    assert.match(scene.sent(), /^0000000d08.{24}0000000d08.{24}$/);
  });

  it('gives back a rejected block, once', () => {
    const scene = new Scene().asking([0, 1], [0, 2]);
    const reject: Message = { kind: 'reject-request', block: { pieceIndex: 0, blockOffset: block, length: block } };
    scene.hear(reject, reject);
    assert.deepEqual(
      scene.returned.map((returned) => returned.blockIndex),
      [1],
    );
    assert.equal(scene.protocol.outstanding.size, 1);
  });

  it('may ask for allowed pieces while choked, and keeps those requests through a choke', () => {
    const scene = new Scene().hear({ kind: 'have-all' }, { kind: 'allowed-fast', pieceIndex: 2 });
    assert.ok(scene.protocol.mayRequest(2));
    assert.equal(scene.protocol.mayRequest(1), false);
    scene.protocol.request(2, 0, 0);
    scene.hear({ kind: 'unchoke' });
    scene.protocol.request(1, 0, 0);
    scene.hear({ kind: 'choke' });
    assert.deepEqual(
      scene.returned.map((returned) => returned.pieceIndex),
      [1],
    );
  });

  it('bounds what a peer may allow while choked', () => {
    const everywhere = new Geometry({
      pieceCount: 1000,
      pieceLength: 16384,
      totalLength: 16_384_000,
      files: [{ ...file, length: 16_384_000 }],
    });
    const silent = {
      handshakeDone() {},
      piecesLearned() {},
      pieceLearned() {},
      blockUnasked() {},
      blocksReturned() {},
      blockReceived() {},
      extensionsLearned() {},
      pexReceived() {},
      mayHave: () => true,
      interestChanged() {},
    };
    const protocol = new PeerProtocol(
      everywhere,
      ours,
      { listenPort: undefined, takesPex: false, yourIp: undefined },
      { ...silent, blockStarted: () => undefined },
    );
    protocol.handshakeReceived(theirs);
    for (let piece = 0; piece < 1000; piece++) protocol.messageReceived({ kind: 'allowed-fast', pieceIndex: piece });
    assert.ok(protocol.mayRequest(127));
    assert.equal(protocol.mayRequest(128), false);
  });

  it('cancels a request and tolerates the block', () => {
    const scene = new Scene().asking([0, 1]);
    scene.protocol.cancel(0, 1);
    assert.equal(scene.sent(), '0000000d08000000000000400000004000');
    scene.place = undefined;
    scene.receive(0, block, block);
    assert.deepEqual(
      scene.arrivals.map(({ stored, wasOutstanding }) => [stored, wasOutstanding]),
      [[false, false]],
    );
  });

  it('rejects requests by word with the fast extension, else by silence', () => {
    const request: Message = { kind: 'request', block: { pieceIndex: 0, blockOffset: 0, length: block } };
    assert.equal(new Scene().hear(request).sent(), '0000000d10000000000000000000004000');
    assert.equal(new Scene(plain).hear(request).sent(), '');
  });

  it('refuses an extension handshake that is not bencode, or that never ends', () => {
    const extended = (payload: string): Message => ({ kind: 'extended', extensionId: 0, payload: Buffer.from(payload) });
    assert.throws(() => new Scene().hear(extended('d')), ProtocolError);
    assert.throws(() => new Scene().hear(extended('i1e')), ProtocolError);
    assert.throws(() => new Scene().hear(extended('l'.repeat(1000) + 'e'.repeat(1000))), ProtocolError);
    const scene = new Scene();
    assert.throws(() => {
      for (let i = 0; i < 200; i++) scene.hear(extended('de'));
    }, ProtocolError);
  });
});
