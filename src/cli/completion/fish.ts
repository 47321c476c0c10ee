// The completion script for fish: one `complete` for each command, option and argument.

import type { CommandShape, OptionShape, ProgramShape, ValueShape } from '../program-shape.ts';

/** A script to be sourced by fish, or kept in its completions folder. */
export function fishCompletion(program: ProgramShape): string {
  const lines = [
    ...program.options.map((option) => optionLine('', option)),
    ...program.commands.map(({ name, summary }) => `${complete('')} -a ${quoted(name)} -d ${quoted(summary)}`),
    ...program.commands.flatMap((command) => commandLines(command)),
  ];
  return `# fish completion for ttorrent, written by: ttorrent completion fish

# Whether the command typed is $argv[1]; an empty one asks whether none was typed yet.
function __ttorrent_in
    for word in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $word
            test "$word" = "$argv[1]"
            return
        end
    end
    test -z "$argv[1]"
end

function __ttorrent_torrents
    __fish_complete_path (commandline -ct) | string match -ri '^.*(?:/|\\.torrent)(?:\\t.*)?$'
end

complete -c ttorrent -f
${lines.join('\n')}
`;
}

function commandLines(command: CommandShape): string[] {
  return [
    ...command.options.map((option) => optionLine(command.name, option)),
    ...command.arguments.flatMap((value) => {
      const proposals = proposalsFor(value);
      return proposals === '' ? [] : [`${complete(command.name)} ${proposals}`];
    }),
  ];
}

function optionLine(commandName: string, { names, value, valueIsOptional, description }: OptionShape): string {
  const spelled = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const proposals = value === undefined ? '' : ` ${valueIsOptional ? '' : '-x '}${proposalsFor(value)}`.trimEnd();
  return `${complete(commandName)} ${spelled.join(' ')}${proposals} -d ${quoted(description)}`;
}

function complete(commandName: string): string {
  return `complete -c ttorrent -n ${quoted(`__ttorrent_in ${quoted(commandName)}`)}`;
}

function proposalsFor(value: ValueShape): string {
  switch (value.kind) {
    case 'choice':
      return `-a ${quoted(value.choices.join(' '))}`;
    case 'torrent':
      return "-a '(__ttorrent_torrents)'";
    case 'directory':
      return "-a '(__fish_complete_directories)'";
    case 'file':
      return "-a '(__fish_complete_path (commandline -ct))'";
    case 'program':
      return "-a '(__fish_complete_command)'";
    case 'text':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, String.raw`\$&`)}'`;
}
