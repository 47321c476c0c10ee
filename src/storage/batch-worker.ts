// The thread that runs batches of files (file-batch.ts), one after the other, and sends back what became of each.

import { parentPort } from 'node:worker_threads';
import { type FileBatch, runBatch } from './file-batch.ts';

const port = parentPort;
port?.on('message', (batch: FileBatch) => port.postMessage(runBatch(batch)));
