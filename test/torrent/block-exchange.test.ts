// What is asked of a web seed at the end, when everything is on request already.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireLimits } from '../../src/config.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import type { RequestedBlock } from '../../src/pieces/endgame.ts';
import { PieceLedger } from '../../src/pieces/piece-ledger.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import { BlockExchange } from '../../src/torrent/block-exchange.ts';
import type { RunHolder } from '../../src/webseed/run-exchange.ts';
import { HandClock } from '../support/hand-clock.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const { blockBytes } = wireLimits;
const blocksPerPiece = 4;

function lane(number: number, outstanding: readonly RequestedBlock[], more: Partial<RunHolder> = {}): RunHolder {
  return {
    ...{ number, outstanding, outstandingCount: outstanding.length, rate: blockBytes / 10, minRoundTripMs: 1, quietMs: 0, cursor: 0 },
    ...{ isReadingOn: false, isPieceBound: false, canGive: () => true, hasRequested: () => false, cancel: () => false, takeAwayBlock() {} },
    ...more,
  };
}

/** The run that a lane gets which has nothing to do, while another still reads 25 pieces of four blocks, 10 ms each. */
function runBeside(more: Partial<RunHolder>): { begin: number; end: number } | undefined {
  const pieceCount = 25;
  const totalLength = pieceCount * blocksPerPiece * blockBytes;
  const files = [{ index: 0, path: ['f'], length: totalLength, torrentOffset: 0, pad: false, executable: false }];
  const geometry = new Geometry({ pieceCount, pieceLength: blocksPerPiece * blockBytes, totalLength, files });
  const buffers = { take: (length: number) => new Uint8Array(length), give() {} };
  const random = seededRandom(1);
  const ledger = new PieceLedger(geometry, Bitfield.full(pieceCount), new Bitfield(pieceCount), buffers, random);
  const lanes: RunHolder[] = [];
  const peers = new Map();
  const parts = { ledger, peers, lanes: () => lanes, mayAskPeers: () => true, clock: new HandClock(), random, pieceCompleted() {} };
  const exchange = new BlockExchange(parts);
  assert.deepEqual(exchange.takeRun(lane(-1, []), totalLength), { begin: 0, end: totalLength });
  const blocks = Array.from({ length: pieceCount * blocksPerPiece }, (_, index) => index);
  const owed = blocks.map((index) => ({ pieceIndex: Math.floor(index / blocksPerPiece), blockIndex: index % blocksPerPiece, sentMs: 0 }));
  lanes.push(lane(-1, owed));
  const run = exchange.takeRun(lane(-2, [], more), totalLength);
  return run === undefined ? undefined : { begin: run.begin / blockBytes, end: run.end / blockBytes };
}

test('of what another connection still reads, one with nothing to do takes the end in one run', () => {
  const run = runBeside({});
  assert.equal(run?.end, 100);
  assert.ok(run.begin > 50 && run.begin < 70, `from block ${run.begin}`);
});

test('within one piece where no request reaches into another', () => {
  assert.deepEqual(runBeside({ isPieceBound: true }), { begin: 96, end: 100 });
});
