// How long a run waits for whoever reads its output. A reader that rests holds up a run as it does any program, but with a deadline not for
// ever.

import { IncompleteError } from '../index.ts';
import type { Environment } from './env.ts';

/** Each write may wait so long beyond the deadline: the download has to stop, and a reader that is only busy is to get the last lines. */
const graceMs = 2_000;

/** Takes data, or whole lines. */
export interface Output {
  write(data: string | Uint8Array): Promise<void>;
}

/** The limit that a deadline sets to readers. */
export class ReaderLimit {
  readonly #deadlineMs: number | undefined;
  readonly #clock: Pick<Environment, 'nowMs'>;
  #dueMs = 0;

  /** `deadlineMs` counts from now; undefined is no limit. */
  constructor(deadlineMs: number | undefined, clock: Pick<Environment, 'nowMs'>) {
    this.#deadlineMs = deadlineMs;
    this.#clock = clock;
    this.#begin();
  }

  /** `env` with the limit on its stdout. The time that a person takes to answer does not count. */
  within(env: Environment): Environment {
    const { ask } = env;
    const answered = async (question: string): Promise<string | undefined> => ask?.(question).finally(() => this.#begin());
    return { ...env, stdout: { ...env.stdout, ...this.around(env.stdout, 'stdout') }, ask: ask && answered };
  }

  /** `output`, whose writes also reject, with IncompleteError `deadline-reached`, when its reader takes nothing until then. */
  around(output: Output, name: string): Output {
    if (this.#deadlineMs === undefined) return output;
    let failure: IncompleteError | undefined;
    return {
      write: (data) =>
        new Promise((resolve, reject) => {
          if (failure !== undefined) return reject(failure);
          const timer = setTimeout(
            () => {
              failure = new IncompleteError('deadline-reached', `the deadline was reached, and nobody reads ${name}`);
              reject(failure);
            },
            Math.max(0, this.#dueMs - this.#clock.nowMs()) + graceMs,
          );
          output
            .write(data)
            .then(resolve, reject)
            .finally(() => clearTimeout(timer));
        }),
    };
  }

  #begin(): void {
    this.#dueMs = this.#clock.nowMs() + (this.#deadlineMs ?? 0);
  }
}
