export { ScanBook } from './book.ts';
export type { ScanMarket } from './book-market.ts';
export type { BookFigures, ScanAccount, ScanBookOptions, ScreenResult } from './book-types.ts';
export type { Refused, Verdicts } from './exact.ts';
export { openKernel } from './kernel.ts';
export { createJsKernel } from './kernel-js.ts';
export type { ScanKernel } from './layout.ts';
export type { Pass } from './passes.ts';
