import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Argument, Command, Option } from 'commander';
import { repeatable } from '../../src/cli/command-options.ts';
import { shapeOf } from '../../src/cli/program-shape.ts';

/** The shape of a program whose one command has these options. */
function optionsOf(...options: Option[]): readonly unknown[] {
  const program = new Command('p');
  const command = program.command('c').helpOption(false);
  for (const option of options) command.addOption(option);
  return shapeOf(program).commands[0]?.options ?? [];
}

test('reads names, value and description as the help shows them', () => {
  assert.deepEqual(optionsOf(new Option('-o, --output <DIR>', 'where').default('.')), [
    {
      names: ['-o', '--output'],
      value: { name: 'DIR', kind: 'directory', choices: [] },
      valueIsOptional: false,
      repeatable: false,
      description: 'where (default: ".")',
    },
  ]);
  const [repeated] = optionsOf(repeatable('--peer <HOST:PORT>', '')) as { repeatable: boolean }[];
  assert.equal(repeated?.repeatable, true);
  assert.deepEqual(optionsOf(new Option('--secret', 'not shown').hideHelp()), []);
});

test('takes the kind of a value from its name', () => {
  const kinds = [
    ['-x', undefined],
    ['--x <DIR>', 'directory'],
    ['--x <FILE|URL>', 'file'],
    ['--x <FILE.html>', 'file'],
    ['--x [FILE]', 'file'],
    ['--x <FILE...>', 'file'],
    ['--x <CMD>', 'program'],
    ['--x <file.torrent>', 'torrent'],
    ['--x <N>', 'text'],
  ] as const;
  for (const [flags, kind] of kinds) {
    const [option] = optionsOf(new Option(flags, '')) as { value?: { kind: string } }[];
    assert.equal(option?.value?.kind, kind, flags);
  }
  const [option] = optionsOf(new Option('--sum <ALGORITHM:HEX[:PATH]>', '')) as { value?: { name: string }; valueIsOptional: boolean }[];
  assert.deepEqual([option?.value?.name, option?.valueIsOptional], ['ALGORITHM:HEX[:PATH]', false]);
});

test('proposes the choices of arguments, and to `help` the commands', () => {
  const program = new Command('p');
  program.command('c').addArgument(new Argument('<shell>').choices(['a', 'b']));
  const [command, help] = shapeOf(program).commands;
  assert.deepEqual(command?.arguments, [{ name: 'shell', kind: 'choice', choices: ['a', 'b'] }]);
  assert.deepEqual(help?.arguments, [{ name: 'command', kind: 'choice', choices: ['c', 'help'] }]);
});
