// How long the pieces of a new torrent are (BEP 3, "piece length").

import { metainfoLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { formatBytes } from '../support/format-bytes.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/** What is chosen lies within; what is given may be larger. Blocks are 16 KiB, and a piece is what a damaged byte costs. */
const chosen = { min: 16 * KiB, max: 16 * MiB } as const;

/** Powers of two up to what others read: libtorrent's limit is one block below 512 MiB. */
const longest = 256 * MiB;

/** Enough pieces to fetch from many peers, few enough for a small torrent: libtorrent makes 800 to 3 000 of most content, transmission 1 000 to 2 400. */
const mostPieces = 2048;

/** A power of two from 16 KiB to 16 MiB: the least that makes at most 2 048 pieces of `totalLength` bytes. */
export function choosePieceLength(totalLength: number): number {
  let pieceLength: number = chosen.min;
  while (pieceLength < chosen.max && totalLength / pieceLength > mostPieces) pieceLength *= 2;
  return pieceLength;
}

/** Throws InputError `bad-argument` for a length that is no power of two from 16 KiB to 256 MiB. */
export function checkPieceLength(pieceLength: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(pieceLength));
  if (isPowerOfTwo && pieceLength >= chosen.min && pieceLength <= longest) return;
  throw new InputError('bad-argument', `piece length: expected a power of two from 16K to 256M, found ${pieceLength} bytes`);
}

/** Throws InputError `bad-argument`, which says what would do, when `totalLength` bytes are more pieces than a torrent may have. */
export function checkPieceCount(totalLength: number, pieceLength: number): void {
  const pieceCount = Math.ceil(totalLength / pieceLength);
  if (pieceCount <= metainfoLimits.pieces) return;
  const needed = 2 ** Math.ceil(Math.log2(totalLength / metainfoLimits.pieces));
  const advice = needed <= longest ? `pieces of ${formatBytes(needed)} would do` : 'make several torrents';
  throw new InputError(
    'bad-argument',
    `${pieceCount} pieces of ${formatBytes(pieceLength)} are more than the ${metainfoLimits.pieces} that a torrent may have: ${advice}`,
  );
}
