// The completion script for bash. It needs no other package (not bash-completion either), starts no process of ours, and evaluates nothing
// that was typed. Written for bash 4 and later; in 3.2, which macOS has, file names with spaces are not escaped.

import type { CommandShape, ProgramShape, ValueShape } from '../program-shape.ts';

/** A script to be sourced by bash. */
export function bashCompletion(program: ProgramShape): string {
  const levels: [prefix: string, command: CommandShape][] = [
    ['', program],
    ...program.commands.map((command): [string, CommandShape] => [command.name, command]),
  ];
  return `# bash completion for ttorrent, written by: ttorrent completion bash

_ttorrent_add() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done
}

_ttorrent_paths() {
  compopt -o filenames 2>/dev/null
  case $1 in
    torrent) _ttorrent_add < <(compgen -d -- "$2"; compgen -f -X '!*.[tT][oO][rR][rR][eE][nN][tT]' -- "$2") ;;
    directory) _ttorrent_add < <(compgen -d -- "$2") ;;
    *) _ttorrent_add < <(compgen -f -- "$2") ;;
  esac
}

_ttorrent() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' ended='' i
  COMPREPLY=()
  # Bash splits --option=value into three words.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      ended=1
    elif [[ -z $command && \${COMP_WORDS[i]} != -* ]]; then
      command=\${COMP_WORDS[i]}
    fi
  done
  if [[ -z $ended ]]; then
    case "$command $prev" in
${levels.flatMap(([prefix, command]) => optionValueCases(prefix, command)).join('\n')}
    esac
  fi
  if [[ -z $ended && $cur == -* ]]; then
    case $command in
${levels.flatMap(([prefix, command]) => optionNamesCase(prefix, command)).join('\n')}
    esac
    return
  fi
  case $command in
    '') ${propose(program.commands.map((command) => command.name))} ;;
${program.commands.flatMap((command) => argumentCase(command)).join('\n')}
  esac
}

complete -F _ttorrent ttorrent
`;
}

/** What follows an option that takes a value is that value, even where we have nothing to propose for it. */
function optionValueCases(prefix: string, command: CommandShape): string[] {
  return command.options.flatMap(({ names, value, valueIsOptional }) => {
    if (value === undefined || valueIsOptional) return [];
    const patterns = names.map((name) => quoted(`${prefix} ${name}`)).join(' | ');
    return [`      ${patterns}) ${[...proposeValue(value), 'return'].join('; ')} ;;`];
  });
}

function optionNamesCase(prefix: string, command: CommandShape): string[] {
  const names = command.options.flatMap((option) => option.names);
  return names.length === 0 ? [] : [`      ${quoted(prefix)}) ${propose(names)} ;;`];
}

function argumentCase(command: CommandShape): string[] {
  return command.arguments.slice(0, 1).map((value) => `    ${quoted(command.name)}) ${proposeValue(value)[0] ?? ':'} ;;`);
}

function proposeValue(value: ValueShape): string[] {
  switch (value.kind) {
    case 'choice':
      return [propose(value.choices)];
    case 'program':
      return ['_ttorrent_add < <(compgen -c -- "$cur")'];
    case 'text':
      return [];
    default:
      return [`_ttorrent_paths ${value.kind} "$cur"`];
  }
}

function propose(words: readonly string[]): string {
  return `_ttorrent_add < <(compgen -W ${quoted(words.join(' '))} -- "$cur")`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
