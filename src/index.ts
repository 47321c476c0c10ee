// The public library. The command line is built on this file alone.

export {};
