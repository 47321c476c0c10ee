import assert from 'node:assert/strict';
import { openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Geometry } from '../../src/metainfo/geometry.ts';
import type { TorrentFile } from '../../src/metainfo/metainfo.ts';
import { Checkpoints } from '../../src/storage/checkpoint.ts';
import { durable } from '../../src/storage/durability.ts';
import { statPath } from '../../src/storage/file-stat.ts';
import { OpenFiles } from '../../src/storage/open-files.ts';
import { StateFile } from '../../src/storage/state-file.ts';
import type { WorkFile } from '../../src/storage/work-file.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import { HandClock } from '../support/hand-clock.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { makeContent } from './fixture.ts';

test('a file that may hold bytes of a piece which the state does not have is saved as ours, and not as known', async (t) => {
  const dir = scratchDirectory(t);
  const { metainfo, bytes } = makeContent('data', 1_024, [{ length: 2_000 }]);
  const finalPath = path.join(dir, 'data');
  const partPath = `${finalPath}.part`;
  writeFileSync(partPath, bytes);
  const stat = statPath(partPath);
  const work: WorkFile = {
    file: metainfo.files[0] as TorrentFile,
    finalPath,
    partPath,
    place: 'part',
    stat,
    seen: stat,
    synced: undefined,
    moving: undefined,
    isSuspect: false,
    missingPieces: 2,
    piecesUnderWay: 1,
    replaces: undefined,
  };
  const geometry = new Geometry(metainfo);
  const stateFile = new StateFile(`${finalPath}.ttorrent`, metainfo, durable, true);
  const openFiles = new OpenFiles(1, () => Promise.resolve(openSync(partPath, 'r+')));
  const verified = new Bitfield(2);
  const checkpoints = new Checkpoints({
    metainfo,
    geometry,
    works: [work],
    neighbours: [],
    signal: new AbortController().signal,
    keptRecords: [],
    newDirectories: [],
    isSaved: false,
    allocation: 'sparse',
    approve: undefined,
    verified,
    openFiles,
    manyFiles: undefined,
    stateFile,
    durability: durable,
    clock: new HandClock(),
    onCompleted: () => {},
    onRefused: assert.ifError,
    onFailure: assert.ifError,
  });
  const saved = () => stateFile.load(geometry, assert.fail)?.get(0);

  await checkpoints.flush(true);
  assert.equal(saved()?.ino, stat?.ino);
  assert.notEqual(saved()?.ctimeNs, stat?.ctimeNs);

  verified.add(0);
  work.missingPieces--;
  work.piecesUnderWay--;
  checkpoints.noteVerified(1_024, [work], []);
  await checkpoints.flush(true);
  assert.equal(saved()?.ctimeNs, stat?.ctimeNs);
  checkpoints.stop();
  await openFiles.closeAll();
});
