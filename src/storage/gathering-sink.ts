// Where the bytes of a stream go, and a buffer before it that gathers small parts: a tar of a hundred thousand little files is not to be
// a hundred thousand writes.

/** Takes bytes, one write at a time. */
export interface ByteSink {
  /** Resolves when `bytes` were taken: until then they stay unchanged, afterwards they may not be looked at. Rejects when it cannot go on. */
  write(bytes: Uint8Array): Promise<void>;
}

const gatheredBytes = 64 * 1024;
/** What is longer is worth a write of its own. */
const smallBytes = 16 * 1024;

/** A sink that gathers what is small. */
export class GatheringSink implements ByteSink {
  readonly #sink: ByteSink;
  readonly #gathered = new Uint8Array(gatheredBytes);
  #fill = 0;
  #isBusy = false;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Whether the sink behind it is taking bytes at this moment. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#fill > 0 && this.#fill + bytes.length > gatheredBytes) await this.flush();
    if (bytes.length > smallBytes) {
      await this.flush();
      return this.#pass(bytes);
    }
    this.#gathered.set(bytes, this.#fill);
    this.#fill += bytes.length;
  }

  /** Passes on what was gathered. */
  async flush(): Promise<void> {
    if (this.#fill === 0) return;
    const length = this.#fill;
    this.#fill = 0;
    await this.#pass(this.#gathered.subarray(0, length));
  }

  async #pass(bytes: Uint8Array): Promise<void> {
    this.#isBusy = true;
    await this.#sink.write(bytes);
    this.#isBusy = false;
  }
}
