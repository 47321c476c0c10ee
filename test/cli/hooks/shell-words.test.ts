import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { shellWords, WordsError } from '../../../src/cli/hooks/shell-words.ts';

const cases: readonly [text: string, words: readonly string[]][] = [
  ['notify', ['notify']],
  ['  mv -n\tfile\nfolder ', ['mv', '-n', 'file', 'folder']],
  ["say 'it is done' now", ['say', 'it is done', 'now']],
  ['say "it\'s done"', ['say', "it's done"]],
  [String.raw`say it\ is\ done \\ \'`, ['say', 'it is done', '\\', "'"]],
  [String.raw`say "a\"b\\c\$d\x"`, ['say', String.raw`a"b\c$d\x`]],
  [`say '$HOME' '|' '\`x\`'`, ['say', '$HOME', '|', '`x`']],
  [`a''b "" ''`, ['ab', '', '']],
  ['one\'two\'"three"four', ['onetwothreefour']],
  ['split \\\nlines and "in\\\nside"', ['split', 'lines', 'and', 'inside']],
  ['ls *.iso ~ {a,b} X=1 a#b', ['ls', '*.iso', '~', '{a,b}', 'X=1', 'a#b']],
];

test('splits as a shell does', () => {
  for (const [text, words] of cases) assert.deepEqual(shellWords(text), words, text);
});

const refused: readonly [text: string, message: RegExp][] = [
  ['', /Expected a command/],
  ['  \n', /Expected a command/],
  ["'' x", /Expected a command/],
  ["say 'never", /quote ' at character 5 is not closed/],
  ['say "never', /quote " at character 5 is not closed/],
  ['say \\', /Nothing follows the last backslash/],
  ['echo $HOME', /what \$ means.*--hook-shell/],
  ['echo "$HOME"', /what \$ means/],
  ['echo "`id`"', /what ` means/],
  ['a | b', /what \| means/],
  ['a && b', /what & means/],
  ['a > b', /what > means/],
  ['a; b', /what ; means/],
  ['(a)', /what \( means/],
  ['a # b', /what # means/],
];

test('refuses what only a shell understands, and what has no end', () => {
  for (const [text, message] of refused) {
    assert.throws(
      () => shellWords(text),
      (error) => error instanceof WordsError && message.test(error.message),
      text,
    );
  }
});

const word = fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '\\', '$', '`', '|', '#', '\n', '*', 'é'), maxLength: 12 });
const quotings = [
  (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`,
  (text: string): string => `"${text.replace(/[\\"$`]/g, '\\$&')}"`,
  (text: string): string =>
    text === '' ? "''" : text.replace(/[^a-z]/gu, (character) => (character === '\n' ? "'\n'" : `\\${character}`)),
];
const quotedWord = fc.tuple(word, fc.constantFrom(...quotings)).map(([text, quote]) => ({ text, quoted: quote(text) }));

test('gives back whatever was quoted, in any way of quoting', () => {
  fc.assert(
    fc.property(fc.array(quotedWord, { maxLength: 6 }), (words) => {
      assert.deepEqual(shellWords(['x', ...words.map(({ quoted }) => quoted)].join(' ')), ['x', ...words.map(({ text }) => text)]);
    }),
  );
});

test('splits any text as /bin/sh does, or refuses it', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '  ', "'", '"', '\\', '\n', '\\\n', '$', ';'), maxLength: 20 });
  // One shell for all of them. A text that is not refused has no expansion and no operator, so it is safe to be run as arguments.
  const accepted = fc
    .sample(text, 3_000)
    .map((sample) => `x ${sample}`)
    .flatMap((sample) => {
      try {
        return [{ sample, words: shellWords(sample) }];
      } catch (error) {
        assert.ok(error instanceof WordsError);
        return [];
      }
    });
  assert.ok(accepted.length > 100);
  // A newline between words ends a command for a shell and is a blank to us, as it is for `xargs`: those are left out here.
  const oneLine = accepted.filter(({ sample }) => !sample.replace(/'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]/g, '').includes('\n'));
  const script = oneLine.map(({ sample }) => `printf '%s\\0' ${sample}\nprintf 'END\\0'`).join('\n');
  const printed = execFileSync('/bin/sh', { input: script, encoding: 'utf8' }).split('END\0').slice(0, -1);
  assert.deepEqual(
    printed,
    oneLine.map(({ words }) => words.map((each) => `${each}\0`).join('')),
  );
});
