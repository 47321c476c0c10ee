import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { ByteSink } from '../../src/storage/gathering-sink.ts';
import type { TorrentStorage } from '../../src/storage/storage.ts';
import { openStream } from '../../src/storage/stream-storage.ts';
import { deferred } from '../support/deferred.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { makeContent } from './fixture.ts';

const content = makeContent('album', 32_768, [
  { path: 'one', length: 100_000 },
  { path: 'empty', length: 0 },
  { path: 'pad', length: 31_072, pad: true },
  { path: 'two', length: 70_000 },
]);

/** A sink that remembers, and takes bytes only while `gate` lets it. */
class Collector implements ByteSink {
  readonly chunks: Buffer[] = [];
  gate: Promise<void> = Promise.resolve();

  async write(bytes: Uint8Array): Promise<void> {
    await this.gate;
    this.chunks.push(Buffer.from(bytes));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

interface Opened {
  readonly storage: TorrentStorage;
  readonly sink: Collector;
  readonly told: string[];
  readonly stop: AbortController;
  /** Writes a copy of the piece, and spoils it as soon as the write settles: then the buffer is used again. */
  readonly write: (piece: number) => Promise<void>;
}

async function opened(t: TestContext, options: { files?: number[]; tar?: boolean; spoolDir?: string; readAheadBytes?: number } = {}) {
  const sink = new Collector();
  const told: string[] = [];
  const stop = new AbortController();
  const storage = await openStream(
    content.metainfo,
    {
      selection: new Set(options.files ?? [0]),
      signal: stop.signal,
      listener: {
        checked() {},
        warned() {},
        fileCompleted: (_, path) => told.push(path),
        failed: (error) => told.push((error as Error).message),
      },
    },
    {
      sink,
      tar: options.tar ?? false,
      spoolDir: options.spoolDir,
      readAheadBytes: options.readAheadBytes ?? 2 ** 20,
      sums: { expected: new Map(), told: [] },
    },
  );
  t.after(() => storage.close());
  const write = async (piece: number): Promise<void> => {
    const bytes = Buffer.from(content.piece(piece));
    await storage.writePiece(piece, bytes).finally(() => bytes.fill(0xee));
  };
  return { storage, sink, told, stop, write } satisfies Opened;
}

/** Everything that is ready has been done. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('passes on one file as it is, in order, whatever order its pieces come in', async (t) => {
  const { storage, sink, told, write } = await opened(t);
  const writes = [3, 1, 0, 2].map(write);
  await Promise.all([storage.finish(), ...writes]);
  assert.ok(sink.bytes.equals(content.file(0)));
  assert.deepEqual(told, ['album/one']);
  assert.deepEqual([...storage.verified], [0, 1, 2, 3]);
});

test('a write settles when its piece has left, and the next piece needed moves on with it', async (t) => {
  const { storage, sink, write } = await opened(t);
  const settled: number[] = [];
  const gate = deferred<void>();
  sink.gate = gate.promise;
  const writes = [2, 0].map((piece) => write(piece).then(() => settled.push(piece)));
  await turn();
  assert.deepEqual([settled, storage.ordered?.nextPiece, storage.ordered?.isHeldUp], [[], 0, true]);
  gate.resolve();
  await writes[1];
  await turn();
  assert.deepEqual([settled, storage.ordered?.nextPiece, storage.ordered?.isHeldUp], [[0], 1, false]);
  await Promise.all([write(1), write(3), ...writes, storage.finish()]);
  assert.deepEqual(settled, [0, 2]);
});

test('makes a tar of several files without padding files, and of one when asked', async (t) => {
  const many = await opened(t, { files: [0, 1, 3] });
  await Promise.all([6, 5, 4, 3, 2, 1, 0].filter((piece) => piece < content.metainfo.pieceCount).map(many.write));
  await many.storage.finish();
  const archive = many.sink.bytes;
  const size = (length: number): number => 512 + Math.ceil(length / 512) * 512;
  assert.equal(archive.length, size(100_000) + size(0) + size(70_000) + 1024);
  assert.ok(archive.subarray(512, 512 + 100_000).equals(content.file(0)));
  const second = size(100_000) + size(0);
  assert.equal(archive.toString('latin1', second, second + 9), 'album/two');
  assert.ok(archive.subarray(second + 512, second + 512 + 70_000).equals(content.file(3)));
  assert.deepEqual(many.told, ['album/one', 'album/empty', 'album/two']);

  const one = await opened(t, { files: [1], tar: true });
  await one.storage.finish();
  assert.equal(one.sink.bytes.length, 512 + 1024);
  const bare = await opened(t, { files: [1] });
  await bare.storage.finish();
  assert.equal(bare.sink.bytes.length, 0);
});

test('with a spool, what memory should not hold waits in a file without a name', async (t) => {
  const spoolDir = scratchDirectory(t);
  const { storage, sink, write } = await opened(t, { spoolDir, readAheadBytes: 40_000 });
  const first = write(3); // stays in memory: it is the only one
  await Promise.all([write(2), write(1)]); // these settle before their turn
  assert.deepEqual(readdirSync(spoolDir), []);
  assert.equal(sink.bytes.length, 0);
  await Promise.all([write(0), first, storage.finish()]);
  assert.ok(sink.bytes.equals(content.file(0)));
});

test('refuses a spool in a directory that is not there', async (t) => {
  await assert.rejects(opened(t, { spoolDir: '/nonexistent/spool' }), { name: 'StorageError', code: 'create-failed' });
});

test('a sink that fails ends every write and the whole, and is told once', async (t) => {
  const { storage, sink, told, write } = await opened(t);
  const gate = deferred<void>();
  sink.gate = gate.promise;
  const writes = [0, 2].map((piece) => write(piece).catch((error: Error) => error.message));
  await turn();
  gate.reject(new Error('the reader went away'));
  assert.deepEqual(await Promise.all(writes), ['the reader went away', 'the reader went away']);
  await assert.rejects(storage.finish(), /went away/);
  await assert.rejects(write(1), /went away/);
  assert.deepEqual(told, ['the reader went away']);
});

test('a signal ends it although the sink does not answer', async (t) => {
  const { storage, sink, told, stop, write } = await opened(t);
  sink.gate = new Promise(() => {});
  const written = write(0);
  await turn();
  stop.abort(new Error('enough'));
  await assert.rejects(written, /enough/);
  await assert.rejects(storage.finish(), /enough/);
  assert.deepEqual(told, []);
});

test('offers nothing to other peers', async (t) => {
  const { storage, write } = await opened(t);
  await Promise.all([0, 1, 2, 3].map(write));
  assert.equal(storage.holds(0), false);
  await assert.rejects(storage.read(0, 0, new Uint8Array(1)), /cannot be read back/);
});
