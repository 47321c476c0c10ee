// Writes the missing pieces of a download and reports each one that is written, until crash.test.ts kills it.

import { crashContent, crashSelection } from './crash-content.ts';
import { allFiles, open, piecesOf } from './fixture.ts';

const [, , dir = '', mode] = process.argv;
const selection = mode === 'partial' ? crashSelection : new Set(allFiles(crashContent));
const { storage } = await open(crashContent, dir, { selection });
const missing = piecesOf(crashContent, selection).filter((piece) => !storage.verified.has(piece));

await Promise.all(Array.from({ length: 8 }, writeNext));
process.send?.('finishing');
await storage.finish();
process.disconnect();

async function writeNext(): Promise<void> {
  for (let piece = missing.pop(); piece !== undefined; piece = missing.pop()) {
    await storage.writePiece(piece, crashContent.piece(piece));
    process.send?.(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
