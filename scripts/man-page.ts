// `npm run man`: writes the man page from the definitions of the command line, so that it cannot miss an option. Without an argument it goes
// to stdout; a test compares that with man/ttorrent.1, which is kept in the repository for those who only read it.

import { writeFileSync } from 'node:fs';
import { defineProgram, parseCommandLine, quantityNotes } from '../src/cli/command-line.ts';
import { exitCodes } from '../src/cli/exit-codes.ts';
import { hookVariableNames } from '../src/cli/hooks/hook-variables.ts';
import { type CommandShape, type OptionShape, shapeOf, type ValueShape } from '../src/cli/program-shape.ts';
import { version } from '../src/index.ts';

/** Each file and variable that a user may come across, with what it is for. */
const files: readonly [name: string, meaning: string][] = [
  ['NAME.part', 'A file that is not complete yet. It gets its final name NAME when its last piece is verified and on disk.'],
  ['NAME.ttorrent', 'What was verified of a download that is not complete. It may be deleted: then all data is checked again.'],
  ['NAME.ttorrent.lock', 'Names the process that holds the download.'],
  [
    '$XDG_CONFIG_HOME/ttorrent/config.json',
    'One JSON object with option names as keys, such as {"stall-timeout": "1m"}. Without $XDG_CONFIG_HOME it is looked for in ~/.config.',
  ],
  [
    '$XDG_STATE_HOME/ttorrent/complete/',
    'What is remembered of complete downloads. Without $XDG_STATE_HOME it is in ~/.local/state. It may be deleted.',
  ],
];
const variables: readonly [name: string, meaning: string][] = [
  [
    'TTORRENT_STALL_TIMEOUT, ...',
    `Every option has such a variable: TTORRENT_RESUME=0 is --no-resume. A flag goes before a variable, a variable before the config file.
"ttorrent config" prints what is in effect.`,
  ],
  ['TTORRENT_CONFIG', 'Names another config file; when empty, there is none.'],
  ['XDG_CONFIG_HOME, HOME, USERPROFILE', 'Where the config file is looked for: see FILES.'],
  ['XDG_STATE_HOME, LOCALAPPDATA', 'Where complete downloads are remembered: see FILES.'],
  ['SOURCE_DATE_EPOCH', 'Seconds since 1970: the date of a torrent that "ttorrent create" makes, instead of now.'],
  [
    'HTTP_PROXY, HTTPS_PROXY, ALL_PROXY',
    'Without --proxy: proxies for what goes over HTTP, as http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT. Lower-case names go first; in a CGI script, told by REQUEST_METHOD, HTTP_PROXY does not count.',
  ],
  ['NO_PROXY', 'Names, addresses and blocks of addresses, by commas, that are asked without these proxies; * is all.'],
  ['NO_COLOR', 'When set and not empty, there are no colours.'],
  ['FORCE_COLOR', 'When set, and not 0 or false, there are colours even where there is no terminal.'],
  ['TERM', 'When "dumb" or not set, there are no colours and no progress bar.'],
  ['CI', 'When set, and not 0 or false, progress is shown as plain lines.'],
];

const page = manPage();
const [target] = process.argv.slice(2);
if (target === undefined) process.stdout.write(page);
else writeFileSync(target, page);

function manPage(): string {
  const definitions = defineProgram(version);
  const program = shapeOf(definitions);
  const { commands } = program;
  const lines = [
    '.\\" Made from the definitions of the command line by `npm run man`: change those.',
    `.TH TTORRENT 1 "" "ttorrent ${version}" "User Commands"`,
    '.ad l',
    '.nh',
    '.SH NAME',
    'ttorrent \\- BitTorrent downloader for the command line, shell pipelines and CI jobs',
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => ['.B ' + text(`ttorrent ${command.name}`), text(command.usage), '.br']).slice(0, -1),
    '.SH DESCRIPTION',
    text(program.description),
    '.PP',
    text('Only what was asked for goes to stdout; progress, warnings and errors go to stderr.'),
    '.SH OPTIONS',
    ...program.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH "SIZES, RATES AND DURATIONS"',
    ...quantityNotes
      .split('\n')
      .flatMap((line) => ['.PP', text(line)])
      .slice(1),
    '.SH "EXIT STATUS"',
    ...exitCodes.flatMap(({ number, meaning }) => ['.TP', `.B ${number}`, text(meaning.replaceAll('`', ''))]),
    '.SH FILES',
    ...files.flatMap(([name, meaning]) => ['.TP', `.I ${text(name)}`, text(meaning)]),
    '.SH ENVIRONMENT',
    ...variables.flatMap(([name, meaning]) => ['.TP', `.B ${text(name)}`, text(meaning)]),
    '.PP',
    text(`A hook is given: ${hookVariableNames.join(', ')}.`),
    '.SH EXAMPLES',
    '.nf',
    // Commander's own `help` is no command of ours and has none.
    ...definitions.commands.flatMap((command) => examplesOf(command.name())).map(text),
    '.fi',
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(command: CommandShape): string[] {
  return [
    `.SS "${text(`ttorrent ${command.name} ${command.usage}`)}"`,
    text(command.description),
    ...command.arguments.flatMap(argumentLines),
    ...command.options.flatMap(optionLines),
  ];
}

/** An argument says here what its name does not: its choices. */
function argumentLines({ name, choices }: ValueShape): string[] {
  return choices.length === 0 ? [] : ['.TP', `.I ${text(name)}`, text(`one of ${choices.join(', ')}`)];
}

function optionLines({ names, value, valueIsOptional, description }: OptionShape): string[] {
  const bold = names.map((name) => `\\fB${text(name)}\\fP`).join(', ');
  const taken = value === undefined ? '' : ` ${valueIsOptional ? '[' : ''}\\fI${text(value.name)}\\fP${valueIsOptional ? ']' : ''}`;
  return ['.TP', `${bold}${taken}`, text(description)];
}

/** What the help of a command begins with. */
function examplesOf(commandName: string): string[] {
  const help = parseCommandLine([commandName, '--help'], version);
  const block = help.kind === 'print' ? /^Examples:\n((?: {2}.*\n)+)/.exec(help.text)?.[1] : undefined;
  return block === undefined
    ? []
    : block
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(2));
}

/** Plain text as roff takes it: no character of it is a request, and a dash is one that can be copied into a shell. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^\./, '\\&.');
}
