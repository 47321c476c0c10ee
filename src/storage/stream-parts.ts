// What a stream of a torrent consists of, in order: the bytes of one file as they are, or a tar of several. Pure.

import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

/** Ready bytes, or the content of a file. */
export type StreamPart = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'content'; readonly file: TorrentFile };

/** The parts of a stream of `selection`, in the torrent's order: a tar when `asTar` or when there is not exactly one file. */
export function* streamParts(
  metainfo: Pick<Metainfo, 'files' | 'creationDate'>,
  selection: ReadonlySet<number>,
  asTar: boolean,
): Generator<StreamPart> {
  const isTar = asTar || selection.size !== 1;
  for (const file of metainfo.files) {
    if (!selection.has(file.index)) continue;
    if (isTar) {
      const { path, length: size, executable } = file;
      yield { kind: 'bytes', bytes: tarHeader({ path, size, executable, mtime: metainfo.creationDate ?? 0 }) };
    }
    yield { kind: 'content', file };
    if (isTar) yield { kind: 'bytes', bytes: tarPadding(file.length) };
  }
  if (isTar) yield { kind: 'bytes', bytes: tarEnd() };
}
