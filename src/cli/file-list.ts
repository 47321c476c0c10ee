// The numbered list of a torrent's files, as `--show-files` prints it and `--select` understands it.

import { formatBytes, type Metainfo } from '../index.ts';
import { jsonLine } from './json-text.ts';
import { safeLine } from './safe-line.ts';

/**
 * The files of `selection` (all when undefined): `NUMBER<tab>BYTES<tab>PATH` for scripts, aligned columns for people. Pad files, which are
 * never written, are left out and have no number.
 */
export function fileList(metainfo: Pick<Metainfo, 'files'>, selection: ReadonlySet<number> | undefined, forPeople: boolean): string {
  const files = metainfo.files.filter((file) => !file.pad);
  const numberWidth = String(files.length).length;
  let text = '';
  files.forEach(({ index, length, path }, position) => {
    if (selection !== undefined && !selection.has(index)) return;
    const number = String(position + 1);
    text += forPeople
      ? `${number.padStart(numberWidth)}  ${formatBytes(length).padStart(10)}  ${safeLine(path.join('/'))}\n`
      : `${number}\t${length}\t${path.join('/')}\n`;
  });
  return text;
}

/** The same as one JSON object on one line: `files`, each with `number`, `length` and `path`. */
export function fileListJson(metainfo: Pick<Metainfo, 'files'>, selection: ReadonlySet<number> | undefined): string {
  const files = metainfo.files
    .filter((file) => !file.pad)
    .map(({ index, length, path }, position) => ({ index, number: position + 1, length, path: path.join('/') }))
    .filter(({ index }) => selection === undefined || selection.has(index));
  return jsonLine({ files: files.map(({ number, length, path }) => ({ number, length, path })) });
}
