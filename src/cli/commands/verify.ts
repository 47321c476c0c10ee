// `ttorrent verify`: checks files against a torrent, changes nothing, and prints a result per file.

import { formatBytes, InputError, type Metainfo, selectFiles, type VerifiedFile, type VerifyResult, verifyFiles } from '../../index.ts';
import type { VerifyCommand } from '../command-line.ts';
import type { Environment } from '../env.ts';
import { formatCount } from '../format.ts';
import { jsonLine } from '../json-text.ts';
import { loadTorrent } from '../load-torrent.ts';
import { type Paint, paintFor } from '../paint.ts';
import { openReporter } from '../reporters/open-reporter.ts';
import { safeLine } from '../safe-line.ts';
import { Talk } from '../talk.ts';

/** Resolves when every selected file is complete; throws InputError `data-mismatch` otherwise. */
export async function verify(command: VerifyCommand, env: Environment): Promise<void> {
  const talk = new Talk(command, env);
  const metainfo = await loadTorrent(command.torrentPath, talk, env, command);
  const verification = await check(metainfo, command, env);
  if (command.json) await env.stdout.write(verifyJson(verification));
  else if (!command.quiet) {
    const paint = paintFor(env.stdout, env, command);
    const line = env.stdout.isTerminal ? (result: VerifiedFile) => lineForPeople(result, paint) : lineForScripts;
    await env.stdout.write(verification.files.map(line).join(''));
  }
  if (!verification.complete) throw new InputError('data-mismatch', mismatchMessage(verification));
  talk.say(`complete: ${formatCount(verification.files.length, 'file')} verified`);
}

async function check(metainfo: Metainfo, command: VerifyCommand, env: Environment): Promise<VerifyResult> {
  const reporter = await openReporter(command.progress, command.quiet, env);
  try {
    return await verifyFiles(metainfo, {
      outputDir: command.outputDir,
      ...(command.select.length > 0 && { selection: selectFiles(metainfo, command.select) }),
      signal: env.interrupted,
      onProgress: (doneBytes, totalBytes) => reporter.show({ doneBytes, totalBytes, facts: [`of ${formatBytes(totalBytes)} checked`] }),
    });
  } finally {
    reporter.stop();
  }
}

/** One JSON object on one line. */
function verifyJson({ complete, verifiedPieces, pieceCount, files }: VerifyResult): string {
  const results = files.map(({ file, path, state, verifiedBytes }) => ({
    state,
    verifiedBytes,
    length: file.length,
    path,
    torrentPath: file.path.join('/'),
  }));
  return jsonLine({ complete, verifiedPieces, pieceCount, files: results });
}

/** `STATE<tab>VERIFIED BYTES<tab>LENGTH<tab>PATH`. */
function lineForScripts({ file, path, state, verifiedBytes }: VerifiedFile): string {
  return `${state}\t${verifiedBytes}\t${file.length}\t${path}\n`;
}

function lineForPeople({ file, path, state, verifiedBytes }: VerifiedFile, paint: Paint): string {
  const color = { complete: paint.green, partial: paint.yellow, missing: paint.red }[state];
  const size = state === 'partial' ? `${formatBytes(verifiedBytes)} of ${formatBytes(file.length)}` : formatBytes(file.length);
  return `${color(state.padEnd(8))}  ${size.padStart(10)}  ${safeLine(path)}\n`;
}

function mismatchMessage({ files, verifiedPieces, pieceCount }: VerifyResult): string {
  const bad = files.filter((result) => result.state !== 'complete');
  const missing = bad.filter((result) => result.state === 'missing').length;
  const first = bad[0] === undefined ? '' : `, the first is ${bad[0].path}`;
  const pieces = `${verifiedPieces} of ${formatCount(pieceCount, 'piece')} verified`;
  return `${bad.length} of ${formatCount(files.length, 'file')} not complete (${missing} missing)${first}; ${pieces}`;
}
