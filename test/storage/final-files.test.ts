import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { statPath } from '../../src/storage/file-stat.ts';
import { FinalFiles } from '../../src/storage/final-files.ts';
import { scratchDirectory } from '../support/scratch.ts';

const length = 1_048_576;
const file = { index: 0, path: ['f'], length, torrentOffset: 0, pad: false, executable: false };
const geometry = new Geometry({ pieceCount: 1, pieceLength: length, totalLength: length, files: [file] });

describe('files that are seeded', () => {
  it('are never read wrong, however close to the read they are written to', async (t) => {
    const filePath = path.join(scratchDirectory(t), 'f');
    const [right, wrong, into] = [Buffer.alloc(length, 'r'), Buffer.alloc(length, 'w'), Buffer.alloc(length)];
    for (let round = 0; round < 50; round++) {
      writeFileSync(filePath, right);
      utimesSync(filePath, 1000, 1000);
      const version = statPath(filePath);
      assert.ok(version !== undefined);
      const files = new FinalFiles(geometry, [{ file, path: filePath }], new Map([[0, version]]));
      await files.read(0, 0, into.subarray(0, 1)); // it is open now
      const reading = files.read(0, 0, into).then(
        () => assert.ok(into.equals(right), `wrong bytes in round ${round}`),
        (error: unknown) => assert.match(String(error), /it has changed since it was verified/),
      );
      for (let turns = 0; turns < 5; turns++) await Promise.resolve();
      writeFileSync(filePath, wrong, { flag: 'r+' });
      await reading;
      await files.close();
    }
  });
});
