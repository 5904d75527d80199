import { BOOK } from './0001-book.ts';
import { WATCH } from './0002-watch.ts';
import { WORKERS } from './0003-workers.ts';
import { SIGNS_OF_LIFE } from './0004-signs-of-life.ts';
import { SERVICE } from './0005-service.ts';
import { JOINT } from './0006-joint.ts';
import { KEY_IDENTITY } from './0007-key-identity.ts';
import { PRICE_KINDS } from './0008-price-kinds.ts';
import { CONTENTS } from './0009-contents.ts';
import { DELIVERIES } from './0010-deliveries.ts';
import { DEAD_LETTERS } from './0011-dead-letters.ts';
import { ROTATION } from './0012-rotation.ts';

/** One step of the schema. A step that was published is never changed; a change is a new step. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** Every step, in order. */
export const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'book', sql: BOOK },
  { number: 2, name: 'watch', sql: WATCH },
  { number: 3, name: 'workers', sql: WORKERS },
  { number: 4, name: 'signs of life', sql: SIGNS_OF_LIFE },
  { number: 5, name: 'service', sql: SERVICE },
  { number: 6, name: 'joint', sql: JOINT },
  { number: 7, name: 'key identity', sql: KEY_IDENTITY },
  { number: 8, name: 'price kinds', sql: PRICE_KINDS },
  { number: 9, name: 'contents', sql: CONTENTS },
  { number: 10, name: 'deliveries', sql: DELIVERIES },
  { number: 11, name: 'dead letters', sql: DEAD_LETTERS },
  { number: 12, name: 'rotation', sql: ROTATION },
];
