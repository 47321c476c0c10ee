// `ttorrent get --interactive`: the numbered list and one question, answered as `--select` is. A line that is typed rather than a list to
// move about in: it is the same for three files and for ten thousand, on every terminal, and what was typed can be put into a script.

import { formatBytes, InputError, type Metainfo, selectFiles } from '../index.ts';
import type { Environment } from './env.ts';
import { fileList } from './file-list.ts';
import { formatCount } from './format.ts';
import { shellWords, WordsError } from './hooks/shell-words.ts';
import { safeLine } from './safe-line.ts';
import type { Talk } from './talk.ts';

/** Somebody who does not find an answer in so many tries is not there. */
const mostQuestions = 20;

/**
 * Asks which of the files of `offered` (all when undefined) are wanted, by index. Throws InputError: `bad-argument` where there is nobody to
 * ask, `nothing-selected` when the answer is the end of input; the signal's reason after a signal.
 */
export async function chooseFiles(
  metainfo: Metainfo,
  offered: ReadonlySet<number> | undefined,
  env: Environment,
  talk: Talk,
): Promise<ReadonlySet<number>> {
  if (env.ask === undefined) throw new InputError('bad-argument', '--interactive needs a terminal to ask on; --select chooses without one');
  env.stderr.write(fileList(metainfo, offered, true));
  for (let question = 0; question < mostQuestions; question++) {
    const answer = await env.ask("Which files? Numbers, ranges or globs such as 1-3 '*.pdf'; Enter takes all: ");
    // The cursor stands behind the question.
    if (answer === undefined) env.stderr.write('\n');
    env.interrupted.throwIfAborted();
    if (answer === undefined) break;
    const chosen = filesOf(answer, metainfo, offered);
    if (typeof chosen === 'string') {
      env.stderr.write(`${safeLine(chosen)}\n`);
      continue;
    }
    const bytes = metainfo.files.reduce((sum, file) => sum + (chosen.has(file.index) ? file.length : 0), 0);
    talk.say(`chosen: ${formatCount(chosen.size, 'file')}, ${formatBytes(bytes)}`);
    return chosen;
  }
  throw new InputError('nothing-selected', 'no file was chosen');
}

/** The files that `answer` means, or why it means none. */
function filesOf(answer: string, metainfo: Metainfo, offered: ReadonlySet<number> | undefined): ReadonlySet<number> | string {
  try {
    const named = selectFiles(metainfo, answer.trim() === '' ? [] : shellWords(answer));
    const chosen = [...named].filter((index) => offered === undefined || offered.has(index));
    return chosen.length === 0 ? 'That is none of the files above.' : new Set(chosen);
  } catch (error) {
    if (error instanceof InputError || error instanceof WordsError) return error.message;
    throw error;
  }
}
