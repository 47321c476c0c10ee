// Splits a command into words as a POSIX shell does (IEEE Std 1003.1, Shell Command Language, 2.2 Quoting), and expands nothing. What a
// shell would do more with is refused rather than passed on as plain text: whoever typed it meant something else. Pure.

/** The command cannot be split; the message says why and is a sentence. */
export class WordsError extends Error {}

/** The words of `text`, at least one. Globs, `~`, braces and assignments are plain text. Throws WordsError. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let offset = 0;
  while (offset < text.length) {
    token.lastIndex = offset;
    const match = token.exec(text);
    if (match === null) throw new WordsError(complaintAt(text, offset));
    offset = token.lastIndex;
    const { blank, joined, escaped, single, double, plain } = match.groups ?? {};
    if (joined !== undefined) continue;
    if (blank === undefined) {
      if (plain?.startsWith('#') === true && word === undefined) throw new WordsError(forShells('#'));
      word = (word ?? '') + (escaped ?? single ?? plain ?? unescape(double ?? ''));
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0 || words[0] === '') throw new WordsError('Expected a command.');
  return words;
}

const token = new RegExp(
  [
    String.raw`(?<blank>[ \t\n]+)`,
    String.raw`(?<joined>\\\n)`,
    String.raw`\\(?<escaped>[^])`,
    String.raw`'(?<single>[^']*)'`,
    String.raw`"(?<double>[^"\\]*(?:\\[^][^"\\]*)*)"`,
    String.raw`(?<plain>[^ \t\n\\'"|&;<>()$\x60]+)`,
  ].join('|'),
  'y',
);

/** Between double quotes a backslash only takes the meaning of what has one there. */
function unescape(quoted: string): string {
  return quoted.replace(/\\([$`"\\\n])|[$`]/g, (found: string, escaped: string | undefined) => {
    if (escaped === undefined) throw new WordsError(forShells(found));
    return escaped === '\n' ? '' : escaped;
  });
}

function complaintAt(text: string, offset: number): string {
  const character = text.charAt(offset);
  if (character === "'" || character === '"') return `The quote ${character} at character ${offset + 1} is not closed.`;
  return character === '\\' ? 'Nothing follows the last backslash.' : forShells(character);
}

function forShells(character: string): string {
  return `Only a shell knows what ${character} means: put it between single quotes, or ask for a shell with --hook-shell.`;
}
