// A download of many files by a process that has three descriptors left: all pieces are written at the same time, and the others are taken
// by something else. layouts.test.ts sets the limit; Node itself needs more than three to load its modules.

import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { allFiles, assertOnDisk, download, makeContent, open, writePieces } from './fixture.ts';

const dir = process.argv[2] ?? '';
// A few files to a piece, then so many that a thread is started for them: it needs descriptors of its own.
for (const pieceLength of [4_096, 32_768]) await downloadWithThree(pieceLength);
console.log('complete');

async function downloadWithThree(pieceLength: number): Promise<void> {
  const content = makeContent(
    `crowd-${pieceLength}`,
    pieceLength,
    Array.from({ length: 300 }, (_, i) => ({ path: `d${i % 7}/f${i}`, length: 1_000 })),
  );
  const outputDir = path.join(dir, String(pieceLength));
  const first = await open(content, outputDir);
  const taken = takeAllButThree();
  await writePieces(
    first.storage,
    content,
    Array.from({ length: Math.floor(content.metainfo.pieceCount / 2) }, (_, i) => i),
  );
  await first.storage.close();
  await download(content, outputDir);
  for (const fd of taken) closeSync(fd);
  assertOnDisk(content, outputDir, allFiles(content));
}

/** As peers would take them. */
function takeAllButThree(): number[] {
  const fds: number[] = [];
  try {
    for (;;) fds.push(openSync('/dev/null', 'r'));
  } catch {
    for (const fd of fds.splice(-3)) closeSync(fd);
    return fds;
  }
}
