// The torrent that crash-writer.ts writes and crash.test.ts looks at.

import { makeContent } from './fixture.ts';

/** Large files and small ones, then so small ones that some forty lie in one piece. */
export const crashContent = makeContent('crash', 16_384, [
  ...Array.from({ length: 60 }, (_, i) => ({ path: `d${i % 4}/f${i}`, length: i % 5 === 0 ? 400_000 : (i * 997) % 30_000 })),
  ...Array.from({ length: 300 }, (_, i) => ({ path: `s${i % 4}/f${i}`, length: (i * 131) % 900 })),
]);

/** Some of its files, with neighbours that are not wanted. */
export const crashSelection: ReadonlySet<number> = new Set(Array.from({ length: 40 }, (_, i) => i + 10).filter((i) => i % 3 !== 0));
