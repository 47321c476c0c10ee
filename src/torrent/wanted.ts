// What a selection of files means in pieces and bytes. Pure.

import { InputError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { Bitfield } from '../support/bitfield.ts';

/** A selection of files, as pieces and bytes. */
export interface Wanted {
  /** Files by index; pad files are never among them. */
  readonly files: ReadonlySet<number>;
  /** Every piece that holds a byte of a wanted file. */
  readonly pieces: Bitfield;
  /** Bytes of the wanted files. */
  readonly totalBytes: number;
  /** How many bytes of wanted files piece `index` holds. */
  bytesIn(pieceIndex: number): number;
}

/** Throws InputError when the selection names a file that is not there. */
export function wantedBy(metainfo: Metainfo, geometry: Geometry, selection: Iterable<number> | undefined): Wanted {
  const files = new Set<number>();
  for (const index of selection ?? metainfo.files.keys()) {
    const file = metainfo.files[index];
    if (file === undefined)
      throw new InputError('nothing-selected', `file ${index} is selected; the torrent has files 0 to ${metainfo.files.length - 1}`);
    if (!file.pad) files.add(index);
  }
  const pieces = new Bitfield(geometry.pieceCount);
  let totalBytes = 0;
  for (const index of files) {
    const file = metainfo.files[index];
    if (file === undefined) continue;
    totalBytes += file.length;
    const { begin, end } = geometry.piecesOf(file);
    for (let piece = begin; piece < end; piece++) pieces.add(piece);
  }
  const isEverything = files.size === metainfo.files.length;
  return {
    files,
    pieces,
    totalBytes,
    bytesIn(pieceIndex) {
      if (isEverything) return geometry.lengthOf(pieceIndex);
      let bytes = 0;
      for (const slice of geometry.slices(geometry.offsetOf(pieceIndex), geometry.lengthOf(pieceIndex))) {
        if (files.has(slice.file.index)) bytes += slice.length;
      }
      return bytes;
    },
  };
}
