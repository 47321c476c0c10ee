// What a command tells a person beside its data: lines on stderr, safe for a terminal, as talkative as was asked for.

import { type SpeechOptions, withSubject } from './speech-options.ts';
import type { Environment } from './env.ts';
import { type Paint, paintFor } from './paint.ts';
import { safeLine } from './safe-line.ts';

/** Where lines go: stderr itself, or a reporter that draws progress there. */
interface LinePrinter {
  line(text: string): void;
}

/** Lines to a person. */
export class Talk {
  readonly #speech: SpeechOptions;
  readonly #paint: Paint;
  readonly #printer: LinePrinter;

  constructor(speech: SpeechOptions, env: Environment, printer?: LinePrinter) {
    this.#speech = speech;
    this.#paint = paintFor(env.stderr, env, speech);
    this.#printer = printer ?? { line: (text) => env.stderr.write(`${text}\n`) };
  }

  /** Said unless `--quiet`. */
  say(text: string): void {
    if (!this.#speech.quiet) this.#printer.line(`${this.#paint.bold('ttorrent:')} ${safeLine(this.#subject(text))}`);
  }

  /** Said unless `--quiet`: something was odd and was dealt with. */
  warn(text: string): void {
    if (!this.#speech.quiet) this.#printer.line(`${this.#paint.yellow('ttorrent: warning:')} ${safeLine(this.#subject(text))}`);
  }

  /** Said with `--verbose` only. */
  detail(text: string): void {
    if (this.#speech.verbose) this.#printer.line(safeLine(this.#subject(text)));
  }

  #subject(text: string): string {
    return withSubject(text, this.#speech.about);
  }
}
