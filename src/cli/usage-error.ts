// A command line that makes no sense: told with the usage, exit code 28. It has a class of its own, beside the library's errors, so that
// reading a command line needs nothing of the library.

/** The command line is at fault. `message` is one line without a full stop; `usage` is the line that says how it is meant. */
export class UsageError extends Error {
  readonly usage: string;

  constructor(message: string, usage: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
    this.usage = usage;
  }
}
