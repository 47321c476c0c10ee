// `ttorrent config`: every option with the value that it has here, and where that is from.

import type { ConfigCommand } from '../command-line.ts';
import type { Environment } from '../env.ts';
import { paintFor } from '../paint.ts';
import { jsonLine } from '../json-text.ts';
import { safeLine } from '../safe-line.ts';
import type { EffectiveSetting } from '../settings/effective.ts';

/** Prints the settings to stdout: for people, as `NAME<tab>VALUE<tab>SOURCE<tab>WHERE`, or as one JSON object. */
export async function config(command: ConfigCommand, env: Environment): Promise<void> {
  const { settings, file } = command;
  const isThere = file?.entries !== undefined;
  if (command.json) return env.stdout.write(jsonLine({ file: isThere ? file.path : null, options: jsonOf(settings) }));
  if (!env.stdout.isTerminal) return env.stdout.write(settings.map(lineForScripts).join(''));
  const paint = paintFor(env.stdout, env, command);
  const nameWidth = Math.max(...settings.map(({ name }) => name.length));
  const valueWidth = Math.min(Math.max(...settings.map((setting) => textOf(setting).length)), 40);
  const lines = settings.map((setting) => {
    const { source, where = '' } = setting;
    const line = `${setting.name.padEnd(nameWidth)}  ${textOf(setting).padEnd(valueWidth)}  ${safeLine(`${source} ${where}`.trim())}\n`;
    return source === 'default' ? line : paint.bold(line);
  });
  const place = file === undefined ? 'none' : `${safeLine(file.path)}${isThere ? '' : ' (not there)'}`;
  return env.stdout.write(`${lines.join('')}\nconfig file: ${place}\n`);
}

function jsonOf(settings: readonly EffectiveSetting[]): Record<string, Omit<EffectiveSetting, 'name'>> {
  return Object.fromEntries(settings.map(({ name, ...setting }) => [name, setting]));
}

function lineForScripts(setting: EffectiveSetting): string {
  return `${setting.name}\t${textOf(setting)}\t${setting.source}\t${safeLine(setting.where ?? '')}\n`;
}

/** A list in JSON's brackets, so that it can be told from a text. */
function textOf({ value }: EffectiveSetting): string {
  if (value === null) return '';
  return safeLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
