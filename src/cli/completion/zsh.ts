// The completion script for zsh: specifications for its own `_arguments`. It works sourced after compinit and as a file `_ttorrent` in fpath.

import type { CommandShape, OptionShape, ProgramShape, ValueShape } from '../program-shape.ts';

/** A script to be sourced by zsh, or autoloaded. */
export function zshCompletion(program: ProgramShape): string {
  return `#compdef ttorrent
# zsh completion for ttorrent, written by: ttorrent completion zsh

_ttorrent_commands() {
  local -a commands=(
${program.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  _describe -t commands command commands
}

_ttorrent() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -C -S \\
${program.options.map((option) => `    ${optionSpec(option)} \\\n`).join('')}    '1: :_ttorrent_commands' '*:: :->arguments' && ret=0
  [[ $state == arguments ]] || return ret
  case $words[1] in
${program.commands.map((command) => commandCase(command)).join('\n')}
  esac
}

if [[ $funcstack[1] == _ttorrent ]]; then
  _ttorrent "$@"
else
  compdef _ttorrent ttorrent
fi
`;
}

function commandCase(command: CommandShape): string {
  const specs = [
    ...command.options.map(optionSpec),
    ...command.arguments.map((value, i) => quoted(`${value.isList === true ? '*' : i + 1}:${valueSpec(value)}`)),
  ];
  return `    ${command.name}) _arguments -s -S \\\n${specs.map((spec) => `      ${spec}`).join(' \\\n')} ;;`;
}

/** `'(-o --output)'{-o+,--output=}'[what it does]:DIR:_files -/'`: the names exclude each other unless the option may be repeated. */
function optionSpec({ names, value, valueIsOptional, repeatable, description }: OptionShape): string {
  const suffix = value === undefined ? { short: '', long: '' } : { short: '+', long: valueIsOptional ? '=-' : '=' };
  const spelled = names.map((name) => `${name}${name.startsWith('--') ? suffix.long : suffix.short}`);
  const exclusion = repeatable ? '*' : `(${names.join(' ')})`;
  const separator = valueIsOptional ? '::' : ':';
  const rest = quoted(`[${escaped(description)}]${value === undefined ? '' : `${separator}${valueSpec(value)}`}`);
  return `${quoted(exclusion)}${spelled.length > 1 ? `{${spelled.join(',')}}` : spelled.join('')}${rest}`;
}

/** `MESSAGE:ACTION`. */
function valueSpec(value: ValueShape): string {
  return `${escaped(value.name)}:${actionOf(value)}`;
}

function actionOf(value: ValueShape): string {
  switch (value.kind) {
    case 'choice':
      return `(${value.choices.join(' ')})`;
    case 'torrent':
      return '_files -g "*.(#i)torrent(-.)"';
    case 'directory':
      return '_files -/';
    case 'file':
      return '_files';
    case 'program':
      return '_command_names -e';
    case 'text':
      return ' ';
  }
}

/** Inside a specification, brackets and colons have a meaning. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, String.raw`\$&`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
