// A program: what the piece picker costs with so many pieces. `node --expose-gc picker-scale.js PIECES PEERS` prints one line of JSON. A process of its own
// for each size, so that memory and compiled code of one do not weigh on the next.

import { Bench } from 'tinybench';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { type BlockChoice, type PickerPeer, pickBlocks } from '../../src/pieces/picker.ts';
import { PieceLedger } from '../../src/pieces/piece-ledger.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import { seededRandom } from '../../test/support/simulated-torrent.ts';

/** What it prints. Times in microseconds. */
export interface PickerCost {
  readonly haveMean: number;
  readonly haveP99: number;
  readonly pickMean: number;
  readonly pickP99: number;
  /** Without the peers' own bitfields. */
  readonly bytesPerPiece: number;
}

const pieceLength = 65_536;
const iterations = 20_000;
const blocksPerPick = 4;
/** Blocks on request, over all peers: 10 at each of 200, so that many pieces are partly here. */
const blocksOnRequest = 2_000;

const pieceCount = Number(process.argv[2]);
const peerCount = Number(process.argv[3]);
const random = seededRandom(1);
const before = memory();
const buffers: Uint8Array[] = [];
const ledger = makeLedger();
const bytesPerPiece = (memory() - before) / pieceCount;
const onRequest: { choice: BlockChoice; from: Peer }[] = [];
const peers = Array.from({ length: peerCount }, (_, i) => makePeer(i + 1));
const have = await time('have', receiveHave);
const pick = await time('pick', pickSome);
const cost: PickerCost = { haveMean: have.mean, haveP99: have.p99, pickMean: pick.mean, pickP99: pick.p99, bytesPerPiece };
console.log(JSON.stringify(cost));

function makeLedger(): PieceLedger {
  const totalLength = pieceCount * pieceLength;
  const file = { index: 0, path: ['f'], length: totalLength, torrentOffset: 0, pad: false, executable: false };
  const geometry = new Geometry({ pieceCount, pieceLength, totalLength, files: [file] });
  const lent = {
    take: (length: number): Uint8Array => buffers.pop() ?? new Uint8Array(length),
    give: (bytes: Uint8Array): void => void buffers.push(bytes),
  };
  return new PieceLedger(geometry, Bitfield.full(pieceCount), new Bitfield(pieceCount), lent, random);
}

interface Peer extends PickerPeer {
  neededCount: number;
}

/** Has a random share of all pieces. */
function makePeer(number: number): Peer {
  const pieces = new Bitfield(pieceCount);
  const share = random.fraction();
  for (let piece = 0; piece < pieceCount; piece++) {
    if (random.fraction() >= share) continue;
    pieces.add(piece);
    ledger.missing.increase(piece);
  }
  const canGive = (piece: number): boolean => pieces.has(piece);
  return { number, pieces, neededCount: pieces.count, onlyPieces: undefined, outstandingCount: 0, canGive };
}

/** One `have` from a random peer. Returns its duration, ms. */
function receiveHave(): number {
  const peer = randomPeer();
  const piece = Math.floor(random.fraction() * pieceCount);
  const begunMs = performance.now();
  if (peer.pieces.add(piece)) {
    ledger.missing.increase(piece);
    if (ledger.needed.has(piece)) peer.neededCount++;
  }
  return performance.now() - begunMs;
}

/** Picks blocks for a random peer; the oldest on request arrive instead. Returns the duration of picking, ms per pick. */
function pickSome(): number {
  const peer = randomPeer();
  const begunMs = performance.now();
  const choices = pickBlocks(ledger, peer, blocksPerPick, random);
  const durationMs = performance.now() - begunMs;
  for (const choice of choices) onRequest.push({ choice, from: peer });
  while (onRequest.length > blocksOnRequest) deliver(onRequest.shift());
  return durationMs;
}

function deliver(arrival: (typeof onRequest)[number] | undefined): void {
  if (arrival === undefined) return;
  const { partial, blockIndex } = arrival.choice;
  partial.requestEnded(blockIndex);
  partial.received(blockIndex, arrival.from.number);
  if (!partial.isComplete) return;
  ledger.completed(partial);
  ledger.checked(partial.index);
  buffers.push(partial.bytes);
  for (const other of peers) if (other.pieces.has(partial.index)) other.neededCount--;
}

function randomPeer(): Peer {
  return peers[Math.floor(random.fraction() * peers.length)] as Peer;
}

/** The mean and 99th percentile of what `run` says it took, in microseconds. */
async function time(name: string, run: () => number): Promise<{ mean: number; p99: number }> {
  const bench = new Bench({ iterations, time: 0, warmup: false, throws: true });
  bench.add(name, () => ({ overriddenDuration: run() }));
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error(`${name} was not measured: ${result?.state}`);
  return { mean: result.latency.mean * 1000, p99: result.latency.p99 * 1000 };
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
