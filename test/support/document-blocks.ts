// The examples of a document: its fenced blocks, each with what is written about it for the test alone.

import { readFileSync } from 'node:fs';

/** One fenced block. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** The heading that it stands below. */
  readonly heading: string;
  /** What stands behind `check:` in the HTML comment that follows the block: readers of the page do not see it. */
  readonly check: string | undefined;
  /** The block of language `text` that follows: what it prints. */
  readonly output: string | undefined;
}

/** The blocks of `file` in order. */
export function blocksOf(file: string): Block[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /^```(\w+)\n(.*?)^```$(?:\n+<!-- check:(.*?)-->$)?(?:\n+```text\n(.*?)^```$)?/gms;
  return [...text.matchAll(pattern)].map(({ index, 1: language = '', 2: code = '', 3: check, 4: output }) => {
    const before = text.slice(0, index).split('\n');
    const heading = before.findLast((line) => line.startsWith('#')) ?? '';
    return { language, code, line: before.length, heading: heading.replace(/^#+ /, ''), check, output };
  });
}
