// Events for one reader: an async iterator over what is pushed. What may be dropped is bounded: a reader that falls behind misses progress,
// never an outcome.

/** Waiting events that may be dropped; beyond it the oldest goes. The others are few: a file, a tracker's answer, a ban. */
const waitingMax = 1024;

/** Events on their way to one reader. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #waiting: T[] = [];
  /** So many at the front of `#waiting` were read. Taken out together: of a long array each `shift` moves all the rest. */
  #read = 0;
  readonly #isDroppable: (event: T) => boolean;
  #isRead = false;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(isDroppable: (event: T) => boolean) {
    this.#isDroppable = isDroppable;
  }

  /** Adds an event for the reader. Before the first read droppable events are not kept: perhaps nobody ever reads. */
  push(event: T): void {
    if (this.#ended || (!this.#isRead && this.#isDroppable(event))) return;
    if (this.#waiting.length - this.#read >= waitingMax && this.#isDroppable(event)) {
      const victim = this.#waiting.findIndex((waiting, i) => i >= this.#read && this.#isDroppable(waiting));
      if (victim < 0) return;
      this.#waiting.splice(victim, 1);
    }
    this.#waiting.push(event);
    this.#wakeReader();
  }

  /** No event comes after those that wait. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  /** The reader leaves: nothing is kept for it any more. */
  async return(): Promise<IteratorResult<T>> {
    this.#ended = true;
    this.#waiting.length = this.#read = 0;
    return { done: true, value: undefined };
  }

  async next(): Promise<IteratorResult<T>> {
    this.#isRead = true;
    while (this.#waiting.length === this.#read) {
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#waiting[this.#read++] as T;
    if (this.#read === waitingMax) {
      this.#waiting.splice(0, this.#read);
      this.#read = 0;
    }
    return { done: false, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
