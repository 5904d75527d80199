import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

// Loaded before a program, it answers SIGUSR2 with the bytes that are still in use after everything that nobody refers to was collected.
// How much memory a process has from its machine says little of that: it depends on when it was last collected.
if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    process.stdout.write(`live bytes ${heapUsed + external}\n`);
  });
}
