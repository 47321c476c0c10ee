import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storageLimits, wireLimits } from '../../src/config.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { nobody } from '../../src/pieces/partial-piece.ts';
import { type PickerPeer, pickBlocks } from '../../src/pieces/picker.ts';
import { type PieceBuffers, PieceLedger } from '../../src/pieces/piece-ledger.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import { systemRandom } from '../../src/support/random.ts';

const block = wireLimits.blockBytes;

function ledgerOf(
  pieceCount: number,
  blocksPerPiece: number,
  verified: readonly number[] = [],
): { ledger: PieceLedger; lent: Set<Uint8Array> } {
  const length = pieceCount * blocksPerPiece * block;
  const files = [{ index: 0, path: ['f'], length, torrentOffset: 0, pad: false, executable: false }];
  const geometry = new Geometry({ pieceCount, pieceLength: blocksPerPiece * block, totalLength: length, files });
  const lent = new Set<Uint8Array>();
  const buffers: PieceBuffers = {
    take(bytes) {
      const buffer = new Uint8Array(bytes);
      lent.add(buffer);
      return buffer;
    },
    give: (buffer) => assert.ok(lent.delete(buffer), 'a buffer is given back once'),
  };
  const have = new Bitfield(pieceCount);
  for (const piece of verified) have.add(piece);
  return { ledger: new PieceLedger(geometry, Bitfield.full(pieceCount), have, buffers, systemRandom), lent };
}

/** A peer that has the pieces that `has` names (of at most 100), and owes us something. */
function peer(number: number, has: (piece: number) => boolean = () => true, more: Partial<PickerPeer> = {}): PickerPeer {
  return peerOf(100, number, has, more);
}

function peerOf(
  pieceCount: number,
  number: number,
  has: (piece: number) => boolean = () => true,
  more: Partial<PickerPeer> = {},
): PickerPeer {
  const pieces = new Bitfield(pieceCount);
  for (let piece = 0; piece < pieceCount; piece++) if (has(piece)) pieces.add(piece);
  return { number, canGive: has, pieces, onlyPieces: undefined, outstandingCount: 1, ...more };
}
const names = (choices: ReturnType<typeof pickBlocks>): string[] => choices.map((choice) => `${choice.partial.index}:${choice.blockIndex}`);

describe('picker', () => {
  it('gives each block of a piece once, in order, to the peer that began it', () => {
    const { ledger } = ledgerOf(1, 4);
    assert.deepEqual(names(pickBlocks(ledger, peer(1), 3, systemRandom)), ['0:0', '0:1', '0:2']);
    assert.deepEqual(names(pickBlocks(ledger, peer(1), 3, systemRandom)), ['0:3']);
    assert.deepEqual(names(pickBlocks(ledger, peer(1), 3, systemRandom)), []);
  });

  it('begins a piece of its own for each peer while there are new ones', () => {
    const { ledger } = ledgerOf(2, 4);
    const [first] = pickBlocks(ledger, peer(1), 1, systemRandom);
    const [second] = pickBlocks(ledger, peer(2), 1, systemRandom);
    assert.notEqual(first?.partial.index, second?.partial.index);
  });

  it('goes on with a piece that lost its peer before it begins a new one', () => {
    const { ledger } = ledgerOf(2, 4);
    const [begun] = pickBlocks(ledger, peer(1), 1, systemRandom);
    ledger.disown(1);
    const [next] = pickBlocks(ledger, peer(2), 1, systemRandom);
    assert.equal(next?.partial, begun?.partial);
    assert.equal(begun?.partial.owner, 2);
  });

  it('shares a piece when no new one is left', () => {
    const { ledger } = ledgerOf(1, 4);
    pickBlocks(ledger, peer(1), 2, systemRandom);
    assert.deepEqual(names(pickBlocks(ledger, peer(2), 9, systemRandom)), ['0:2', '0:3']);
  });

  it('shares pieces instead of beginning more when the buffers are used up', () => {
    const blocksPerPiece = 1024;
    const begun = storageLimits.partialBytes / (blocksPerPiece * block);
    const { ledger } = ledgerOf(begun + 3, blocksPerPiece);
    for (let number = 1; number <= begun + 3; number++) pickBlocks(ledger, peer(number), 1, systemRandom);
    assert.equal(ledger.partials.size, begun);
  });

  it('asks only for what the peer can give', () => {
    const { ledger } = ledgerOf(10, 1);
    assert.deepEqual(
      names(
        pickBlocks(
          ledger,
          peer(1, (piece) => piece === 7),
          9,
          systemRandom,
        ),
      ),
      ['7:0'],
    );
    assert.deepEqual(
      names(
        pickBlocks(
          ledger,
          peer(2, () => false),
          9,
          systemRandom,
        ),
      ),
      [],
    );
  });

  it('lets a peer that would otherwise be idle begin a piece beyond the bound on buffers', () => {
    const { ledger } = ledgerOf(10, 1024);
    for (let number = 1; number <= 4; number++)
      pickBlocks(
        ledger,
        peer(number, (piece) => piece === number),
        1,
        systemRandom,
      );
    const fast = (outstandingCount: number): PickerPeer => peer(9, (piece) => piece > 4, { outstandingCount });
    assert.deepEqual(pickBlocks(ledger, fast(3), 1, systemRandom), []);
    assert.equal(pickBlocks(ledger, fast(0), 5, systemRandom).length, 5);
  });

  it('asks a choking peer only for what it allows', () => {
    const { ledger } = ledgerOf(10, 1);
    const onlyPieces = new Set([3, 8]);
    const choking = peer(1, (piece) => onlyPieces.has(piece), { onlyPieces });
    assert.deepEqual(names(pickBlocks(ledger, choking, 9, systemRandom)).sort(), ['3:0', '8:0']);
  });

  it('finds the one piece of a peer that has little', () => {
    const { ledger } = ledgerOf(100, 1);
    assert.deepEqual(
      names(
        pickBlocks(
          ledger,
          peer(1, (piece) => piece === 77),
          9,
          systemRandom,
        ),
      ),
      ['77:0'],
    );
  });

  it('finds what a peer can give among many rarer pieces that it lacks, without looking at them all', () => {
    const pieceCount = 100_000;
    const { ledger } = ledgerOf(pieceCount, 1);
    const common = (piece: number): boolean => piece % 100 === 99;
    for (let piece = 0; piece < pieceCount; piece++) if (common(piece)) ledger.missing.increase(piece);
    let looks = 0;
    const canGive = (piece: number): boolean => {
      looks++;
      return common(piece);
    };
    const poor = peerOf(pieceCount, 1, common, { canGive });
    for (let pick = 0; pick < 1000; pick++) assert.equal(pickBlocks(ledger, poor, 1, systemRandom).length, 1, `pick ${pick}`);
    assert.deepEqual(pickBlocks(ledger, poor, 1, systemRandom), []);
    assert.ok(looks < 1001 * 2_500, `${looks} looks`);
  });

  it('takes the rarest of those that it finds beyond the rarest of all', () => {
    const { ledger } = ledgerOf(10_000, 1, [0, 1, 2, 3]);
    const has = (piece: number): boolean => piece >= 9_950;
    for (let piece = 9_950; piece < 10_000; piece++) {
      ledger.missing.increase(piece);
      if (piece !== 9_977) ledger.missing.increase(piece);
    }
    assert.deepEqual(names(pickBlocks(ledger, peerOf(10_000, 1, has), 1, systemRandom)), ['9977:0']);
  });

  it('never asks for a piece that is verified', () => {
    const { ledger } = ledgerOf(4, 1, [0, 2]);
    assert.deepEqual(names(pickBlocks(ledger, peer(1), 9, systemRandom)).sort(), ['1:0', '3:0']);
  });

  it('takes the rarest piece once the first ones are begun', () => {
    const { ledger } = ledgerOf(20, 1, [0, 1, 2, 3, 4]);
    for (let piece = 5; piece < 20; piece++) if (piece !== 13) ledger.missing.increase(piece);
    assert.deepEqual(names(pickBlocks(ledger, peer(1), 1, systemRandom)), ['13:0']);
  });
});

describe('piece ledger', () => {
  it('takes a piece through missing, partial, checking and verified', () => {
    const { ledger, lent } = ledgerOf(1, 2);
    const [first, second] = pickBlocks(ledger, peer(1), 2, systemRandom);
    assert.ok(first !== undefined && second !== undefined);
    for (const { partial, blockIndex } of [first, second]) {
      partial.requestEnded(blockIndex);
      partial.received(blockIndex, 1);
    }
    ledger.completed(first.partial);
    assert.equal(ledger.partialBytes, 0);
    assert.equal(ledger.isComplete, false);
    ledger.checked(0);
    assert.ok(ledger.isComplete);
    assert.equal(lent.size, 1, "the buffer is the writer's");
  });

  it('lets a failed piece be fetched again, from one peer alone when nobody was proven guilty', () => {
    const { ledger } = ledgerOf(1, 2);
    const [choice] = pickBlocks(ledger, peer(1), 2, systemRandom);
    assert.ok(choice !== undefined);
    for (const blockIndex of [0, 1]) choice.partial.received(blockIndex, blockIndex + 1);
    ledger.completed(choice.partial);
    ledger.failed(0, false);
    assert.equal(names(pickBlocks(ledger, peer(1), 1, systemRandom)).length, 1);
    assert.deepEqual(names(pickBlocks(ledger, peer(2), 1, systemRandom)), [], 'the second peer must keep away');
  });

  it('keeps received blocks of a peer that is gone, and frees what it owed', () => {
    const { ledger } = ledgerOf(1, 3);
    const choices = pickBlocks(ledger, peer(1), 3, systemRandom);
    const partial = choices[0]?.partial;
    assert.ok(partial !== undefined);
    partial.requestEnded(0);
    partial.received(0, 1);
    partial.requestEnded(1);
    partial.requestEnded(2);
    ledger.disown(1);
    ledger.abandonIfEmpty(partial);
    assert.deepEqual(names(pickBlocks(ledger, peer(2), 9, systemRandom)), ['0:1', '0:2']);
  });

  it('gives the buffer back when nothing of a piece is here or on its way', () => {
    const { ledger, lent } = ledgerOf(1, 1);
    const [choice] = pickBlocks(ledger, peer(1), 1, systemRandom);
    assert.ok(choice !== undefined);
    ledger.abandonIfEmpty(choice.partial);
    assert.equal(lent.size, 1, 'still on request');
    choice.partial.requestEnded(0);
    choice.partial.arrivalStarted(0, 1);
    ledger.abandonIfEmpty(choice.partial);
    assert.equal(lent.size, 1, 'somebody is writing into it');
    choice.partial.arrivalEnded(0, 1);
    ledger.abandonIfEmpty(choice.partial);
    assert.equal(lent.size, 0);
    assert.equal(ledger.missing.size, 1);
  });

  it('forgets the blocks of a peer that was caught', () => {
    const { ledger } = ledgerOf(1, 3);
    const [choice] = pickBlocks(ledger, peer(1), 3, systemRandom);
    assert.ok(choice !== undefined);
    for (const [blockIndex, sender] of [
      [0, 1],
      [1, 2],
    ] as const) {
      choice.partial.requestEnded(blockIndex);
      choice.partial.received(blockIndex, sender);
    }
    ledger.dropBlocksOf(2);
    assert.equal(choice.partial.isReceived(0), true);
    assert.equal(choice.partial.nextFree(), 1);
    assert.equal(choice.partial.owner, 1);
    ledger.dropBlocksOf(1);
    assert.equal(choice.partial.owner, nobody);
  });
});
