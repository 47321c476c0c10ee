// What is done to the words typed before commander reads them: options before the command become options of the command
// (`ttorrent -q get x.torrent`), and an option that may be without a value takes none but behind `=` (`get --seed x.torrent`). Pure.

import type { Command, Option } from 'commander';

/** `args` with the options before the command put right behind it; nothing when there is no command. An option that no command of `program` has ends the search. */
export function commandFirst(args: readonly string[], program: Command): string[] {
  const options = program.commands.flatMap((command) => command.options);
  let end = 0;
  for (let length = 1; length > 0; end += length) length = wordsOf(args, end, options);
  const [command, ...rest] = args.slice(end);
  // Commander knows no help of its own help command.
  if (command === 'help' && rest[0] === 'help') rest.shift();
  return command === undefined ? [] : [command, ...args.slice(0, end), ...rest];
}

/**
 * `args`, the command first, with `=true` behind each option of it that may be without a value, and is: commander would take the next word
 * for it.
 */
export function withSwitches(args: readonly string[], program: Command): string[] {
  const options = program.commands.find((command) => command.name() === args[0])?.options ?? [];
  const words = [...args];
  for (let at = 0; at < words.length && words[at] !== '--'; at += Math.max(1, wordsOf(words, at, options))) {
    const option = options.find(({ long }) => long === words[at]);
    if (option?.optional === true && !option.required) words[at] += '=true';
  }
  return words;
}

/** How many words the option at `args[at]` takes; 0 when there is none. */
function wordsOf(args: readonly string[], at: number, options: readonly Option[]): number {
  const word = args[at] ?? '';
  if (word.startsWith('--')) {
    const [name = '', ...attached] = word.split('=');
    const option = options.find(({ long }) => long === name);
    return option === undefined ? 0 : option.required && attached.length === 0 ? 2 : 1;
  }
  if (!/^-[^-]/.test(word)) return 0;
  // Short options can share a dash; the first that takes a value takes the rest of the word, or the next one.
  for (let i = 1; i < word.length; i++) {
    const option = options.find(({ short }) => short === `-${word.charAt(i)}`);
    if (option === undefined) return 0;
    if (option.required) return i + 1 < word.length ? 1 : 2;
  }
  return 1;
}
