import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { leaveOut } from './left-out.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What most views have in common is one file: in six small ones it weighed more, and each was a request. */
const SHARED = { name: 'shared', test: /preact|\/src\/web\/(?:shell|data\/(?!live-stream))/, minShareCount: 2 } as const;

export default defineConfig({
  root: here('.'),
  base: '/',
  // The same build whoever asks for it: NODE_ENV of a test would bring the runtime of development along.
  mode: 'production',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  plugins: [leaveOut()],
  worker: { format: 'es', plugins: () => [leaveOut()] },
  build: {
    outDir: here('../../dist/web'),
    emptyOutDir: true,
    target: ['chrome123', 'firefox125', 'safari17.4'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { output: { codeSplitting: { groups: [SHARED] } } },
    license: { fileName: 'licences.txt' },
  },
});
