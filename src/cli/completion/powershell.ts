// The completion script for PowerShell: a table of what each command takes, and one script block that looks into it. Where it proposes
// nothing, PowerShell proposes files by itself.

import type { CommandShape, OptionShape, ProgramShape, ValueShape } from '../program-shape.ts';

/** A script to be run by PowerShell 5.1 or later. */
export function powershellCompletion(program: ProgramShape): string {
  return `# PowerShell completion for ttorrent, written by: ttorrent completion powershell

Register-ArgumentCompleter -Native -CommandName ttorrent -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commands = @{
${[{ ...program, name: '', arguments: [commandName(program)] }, ...program.commands].map(commandEntry).join('\n')}
    }

    function Propose($prefix, $texts) {
        foreach ($text in $texts) {
            if ($text.Text -like "$([System.Management.Automation.WildcardPattern]::Escape($wordToComplete.Substring($prefix.Length)))*") {
                [System.Management.Automation.CompletionResult]::new("$prefix$($text.Text)", $text.Text, 'ParameterValue', $text.Help)
            }
        }
    }

    function ProposeValue($prefix, $value) {
        if ($value.Kind -eq 'choice') {
            Propose $prefix ($value.Choices | ForEach-Object { @{ Text = $_; Help = $_ } })
        } elseif ($prefix -eq '' -and $value.Kind -in 'torrent', 'directory') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete) | Where-Object {
                $_.ResultType -eq 'ProviderContainer' -or ($value.Kind -eq 'torrent' -and $_.ListItemText -like '*.torrent')
            }
        }
    }

    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $name = [string]($words | Where-Object { $_ -notlike '-*' } | Select-Object -First 1)
    $command = $commands[$name]
    if ($null -eq $command) { return }
    $valued = @($command.Options | Where-Object { $null -ne $_.Value })

    if ($words -notcontains '--') {
        $last = if ($words.Count -gt 0) { $words[-1] } else { '' }
        foreach ($option in $valued) {
            if ($option.Names -ccontains $last) { return ProposeValue '' $option.Value }
            foreach ($typed in $option.Names) {
                if ($wordToComplete.StartsWith("$typed=")) { return ProposeValue "$typed=" $option.Value }
            }
        }
        if ($wordToComplete -like '-*') {
            return Propose '' ($command.Options | ForEach-Object { $help = $_.Help; $_.Names | ForEach-Object { @{ Text = $_; Help = $help } } })
        }
    }
    if ($null -ne $command.Argument) { ProposeValue '' $command.Argument }
}
`;
}

function commandName(program: ProgramShape): ValueShape {
  return { name: 'command', kind: 'choice', choices: program.commands.map((command) => command.name) };
}

function commandEntry(command: CommandShape): string {
  return `        ${quoted(command.name)} = @{
            Argument = ${valueEntry(command.arguments[0])}
            Options = @(
${command.options.map(optionEntry).join(',\n')}
            )
        }`;
}

function optionEntry({ names, value, valueIsOptional, description }: OptionShape): string {
  const taken = valueEntry(valueIsOptional ? undefined : value);
  return `                @{ Names = @(${names.map(quoted).join(', ')}); Value = ${taken}; Help = ${quoted(description)} }`;
}

function valueEntry(value: ValueShape | undefined): string {
  return value === undefined ? '$null' : `@{ Kind = ${quoted(value.kind)}; Choices = @(${value.choices.map(quoted).join(', ')}) }`;
}

/** PowerShell takes typographic quotes for quotes, too, and doubles what it escapes. */
function quoted(text: string): string {
  return `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}
