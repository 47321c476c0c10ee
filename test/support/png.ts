// Reads the pixels of a PNG as Chromium writes it: eight bits a channel, RGB or RGBA, not interlaced (RFC 2083).

import { inflateSync } from 'node:zlib';

/** An image. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `#rrggbb` of a pixel. */
  at(x: number, y: number): string;
}

export function readPng(file: Buffer): Pixels {
  const parts: Buffer[] = [];
  let offset = 8;
  while (offset < file.length) {
    const length = file.readUInt32BE(offset);
    if (file.toString('latin1', offset + 4, offset + 8) === 'IDAT') parts.push(file.subarray(offset + 8, offset + 8 + length));
    offset += length + 12;
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const channels = file.readUInt8(25) === 6 ? 4 : 3;
  const bytes = unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  return { width, height, at: (x, y) => `#${bytes.toString('hex', (y * width + x) * channels, (y * width + x) * channels + 3)}` };
}

/** Each row begins with the number of its filter, which tells from which neighbours a byte was predicted. */
function unfilter(rows: Buffer, rowBytes: number, height: number, channels: number): Buffer {
  const bytes = Buffer.alloc(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (rowBytes + 1)];
    for (let x = 0; x < rowBytes; x++) {
      const at = y * rowBytes + x;
      const left = x < channels ? 0 : (bytes[at - channels] as number);
      const up = y === 0 ? 0 : (bytes[at - rowBytes] as number);
      const corner = x < channels || y === 0 ? 0 : (bytes[at - rowBytes - channels] as number);
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0;
      bytes[at] = (rows[y * (rowBytes + 1) + 1 + x] as number) + guess;
    }
  }
  return bytes;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
