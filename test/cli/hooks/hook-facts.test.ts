import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { hookObject, type RunFacts } from '../../../src/cli/hooks/hook-facts.ts';
import { hookVariableNames, hookVariables } from '../../../src/cli/hooks/hook-variables.ts';
import { parseTorrent } from '../../../src/index.ts';
import { makeTorrent } from '../../support/make-torrent.ts';

const album = parseTorrent(
  makeTorrent({
    name: 'album',
    pieceLength: 16_384,
    files: [
      { path: ['one.bin'], length: 5 },
      { path: ['sub', 'two.bin'], length: 7 },
    ],
  }).bytes,
);

function factsOf(more: Partial<RunFacts> = {}): RunFacts {
  return { torrentPath: '/t/a.torrent', outputDir: '/out', startedMs: 100, completed: new Set(), ...more };
}

test('tells of a download that ended, each file with its number', () => {
  const object = hookObject(
    'on-fail',
    factsOf({ metainfo: album, completed: new Set([1]) }),
    350,
    { exitCode: 7, reason: 'nothing came' },
    undefined,
  );
  assert.deepEqual(object, {
    hook: 'on-fail',
    infohash: album.infohashHex,
    name: 'album',
    torrent: '/t/a.torrent',
    outputDir: '/out',
    path: '/out/album',
    totalBytes: 12,
    verifiedBytes: null,
    downloadedBytes: null,
    uploadedBytes: null,
    durationMs: 250,
    exitCode: 7,
    exitName: 'stalled',
    reason: 'nothing came',
    files: [
      { number: 1, name: 'album/one.bin', bytes: 5, path: '/out/album/one.bin', complete: false },
      { number: 2, name: 'album/sub/two.bin', bytes: 7, path: '/out/album/sub/two.bin', complete: true },
    ],
  });
});

test('names the file itself when it is the only one', () => {
  const object = hookObject(
    'on-done',
    factsOf({ metainfo: album, selection: new Set([1]) }),
    350,
    { exitCode: 0, reason: 'complete' },
    undefined,
  );
  assert.deepEqual([object['path'], object['totalBytes']], ['/out/album/sub/two.bin', 7]);
});

test('tells a gate of its file alone', () => {
  const file = album.files[1];
  assert.ok(file !== undefined);
  const candidate = { file, partPath: '/out/album/sub/two.bin.part', finalPath: '/out/album/sub/two.bin' };
  const variables = hookVariables(hookObject('gate', factsOf({ metainfo: album }), 100, undefined, candidate), { HOME: '/h' });
  assert.deepEqual(
    ['HOME', 'FILE_NUMBER', 'FILE_NAME', 'FILE_BYTES', 'FILE_PART', 'FILE_PATH', 'FILES', 'EXIT_CODE'].map(
      (name) => variables[name] ?? variables[`TTORRENT_${name}`],
    ),
    ['/h', '2', 'album/sub/two.bin', '7', candidate.partPath, candidate.finalPath, '', ''],
  );
});

test('sets every variable each time, and no other', () => {
  const outer = Object.fromEntries(hookVariableNames.map((name) => [name, 'of an outer ttorrent']));
  const end = { exitCode: 3, reason: 'not there' };
  const variables = hookVariables(hookObject('on-fail', factsOf(), 100, end, undefined), outer);
  assert.deepEqual(Object.keys(variables).toSorted(), hookVariableNames.toSorted());
  assert.ok(!Object.values(variables).includes('of an outer ttorrent'));
  assert.equal(variables['TTORRENT_FILES'], '0');
});

test('no name and no reason can break an environment', () => {
  const nasty = fc.string({ unit: fc.constantFrom('\0', '\x1b', '\n', '=', 'a', '\u202e', '/', 'ü'), minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(nasty, nasty, (name, reason) => {
      const metainfo = parseTorrent(
        makeTorrent({ name: `x${name}`, pieceLength: 16_384, files: [{ path: [`f${name}`], length: 3 }] }).bytes,
      );
      const object = hookObject('on-fail', factsOf({ metainfo }), 100, { exitCode: 1, reason: `${reason}\0` }, undefined);
      for (const value of Object.values(hookVariables(object, {}))) assert.doesNotMatch(value ?? '', /\p{Cc}/u);
      assert.deepEqual(JSON.parse(JSON.stringify(object)), object);
    }),
    { numRuns: 50 },
  );
});
