// A download of many files by a process that has three descriptors left: all pieces are written at the same time, and the others are taken
// by something else. layouts.test.ts sets the limit; Node itself needs more than three to load its modules.

import { closeSync, openSync } from 'node:fs';
import { allFiles, assertOnDisk, download, makeContent, open, writePieces } from './fixture.ts';

const content = makeContent(
  'crowd',
  4_096,
  Array.from({ length: 300 }, (_, i) => ({ path: `d${i % 7}/f${i}`, length: 1_000 })),
);
const dir = process.argv[2] ?? '';

const first = await open(content, dir);
const taken = takeAllButThree();
await writePieces(
  first.storage,
  content,
  Array.from({ length: 40 }, (_, i) => i),
);
await first.storage.close();
await download(content, dir);
for (const fd of taken) closeSync(fd);
assertOnDisk(content, dir, allFiles(content));
console.log('complete');

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
