import assert from 'node:assert/strict';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { storageLimits } from '../../src/config.ts';
import { StorageError } from '../../src/errors.ts';
import { checkPieces, hashPieces } from '../../src/storage/check-pieces.ts';
import { pieceVerdict } from '../../src/storage/piece-hasher.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { type Content, makeContent } from './fixture.ts';

const sketches = [
  { path: 'a', length: 700_001 },
  { path: 'pad', length: 86_431, pad: true },
  { path: 'b', length: 3 },
  { path: 'c', length: 2_000_000 },
];
/** More than is checked on the main thread, with pieces longer than what is read at a time. */
const large = makeContent('large', 393_216, [...sketches, { path: 'd', length: storageLimits.checkInlineBytes }]);
const small = makeContent('small', 393_216, sketches);

/** Writes the files of `content` and gives the paths to read them from. */
function written(t: TestContext, content: Content): string[] {
  const dir = scratchDirectory(t);
  return content.metainfo.files.map((file) => {
    const target = path.join(dir, ...file.path);
    mkdirSync(path.dirname(target), { recursive: true });
    if (!file.pad) writeFileSync(target, content.file(file.index));
    return target;
  });
}

function all(content: Content): number[] {
  return Array.from({ length: content.metainfo.pieceCount }, (_, i) => i);
}

function request(content: Content, sources: readonly (string | undefined)[]) {
  const progress: number[] = [];
  return {
    sources,
    pieces: all(content),
    signal: new AbortController().signal,
    onProgress: (checked: number, total: number) => {
      assert.equal(total, content.metainfo.totalLength);
      progress.push(checked);
    },
    progress,
  };
}

for (const [where, content] of [
  ['the main thread', small],
  ['worker threads', large],
] as const) {
  test(`on ${where}: whole files are valid, pad files count as zeros, and progress ends at the total`, async (t) => {
    const asked = request(content, written(t, content));
    const verdicts = await checkPieces(content.metainfo, asked);
    assert.deepEqual(
      [...verdicts],
      all(content).map(() => pieceVerdict.valid),
    );
    assert.equal(asked.progress.at(-1), content.metainfo.totalLength);
    assert.deepEqual(
      asked.progress,
      [...asked.progress].sort((a, b) => a - b),
    );
  });

  test(`on ${where}: just the pieces with a wrong, missing or cut byte are not valid`, async (t) => {
    const sources: (string | undefined)[] = written(t, content);
    const damaged = Buffer.from(content.file(3));
    damaged[1_000_000] = (damaged[1_000_000] ?? 0) ^ 1;
    writeFileSync(sources[3] as string, damaged);
    const wrong = Math.floor(((content.metainfo.files[3]?.torrentOffset ?? 0) + 1_000_000) / content.metainfo.pieceLength);
    assert.deepEqual(
      [...(await checkPieces(content.metainfo, request(content, sources)))],
      all(content).map((piece) => (piece === wrong ? 0 : 1)),
    );

    truncateSync(sources[0] as string, 700_000);
    sources[2] = path.join(path.dirname(sources[2] as string), 'gone');
    const verdicts = await checkPieces(content.metainfo, request(content, sources));
    assert.deepEqual(
      [...verdicts],
      all(content).map((piece) => (piece === wrong || piece === 1 || piece === 2 ? 0 : 1)),
    );
  });

  test(`on ${where}: zeros where data should be are told from other wrong bytes`, async (t) => {
    const sources = written(t, content);
    writeFileSync(sources[0] as string, Buffer.alloc(700_001));
    const verdicts = await checkPieces(content.metainfo, request(content, sources));
    assert.deepEqual([...verdicts].slice(0, 2), [pieceVerdict.zeros, pieceVerdict.zeros]);
    assert.ok([...verdicts].slice(2).every((verdict) => verdict === pieceVerdict.valid));
  });

  test(`on ${where}: an abort ends the check with its reason`, async (t) => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const asked = {
      ...request(content, written(t, content)),
      signal: stop.signal,
      onProgress: (checked: number) => checked > 0 && stop.abort(reason),
    };
    await assert.rejects(checkPieces(content.metainfo, asked), (error) => error === reason);
  });

  test(`on ${where}: a file that cannot be read is a StorageError`, async (t) => {
    const sources = written(t, content);
    sources[3] = path.dirname(sources[3] as string);
    await assert.rejects(checkPieces(content.metainfo, request(content, sources)), (error) => {
      return error instanceof StorageError && error.code === 'read-write-failed' && error.message.includes(sources[3] as string);
    });
  });
}

test('only the pieces that were asked for are judged', async (t) => {
  const verdicts = await checkPieces(small.metainfo, { ...request(small, written(t, small)), pieces: [4, 6], onProgress: () => {} });
  assert.deepEqual([...verdicts], [1, 1]);
});

for (const content of [small, large]) {
  test(`finds the hashes of ${content.metainfo.pieceCount} pieces without being told them`, async (t) => {
    const asked = request(content, written(t, content));
    const unknown = { ...content.metainfo, pieceHashes: new Uint8Array(content.metainfo.pieceHashes.length) };
    assert.deepEqual(Buffer.from(await hashPieces(unknown, asked)), Buffer.from(content.metainfo.pieceHashes));
    assert.equal(asked.progress.at(-1), content.metainfo.totalLength);
    truncateSync(asked.sources[3] as string, 1_000_000);
    await assert.rejects(hashPieces(unknown, asked), (error) => error instanceof StorageError && error.code === 'read-write-failed');
  });
}
