import * as z from 'zod';
import { Decimal } from '../../core/decimal.ts';
import { InvalidArgument } from '../../core/errors.ts';

/** What a ranking is ordered by, greatest profit first. */
export interface Ranked {
  readonly id: string;
  /** US dollars, a decimal string. */
  readonly profitUsd: string;
}

/** One look at a ranking, of which pages are cut. */
export interface RankedLook {
  readonly id: string;
  readonly items: readonly Ranked[];
}

/** Where a page ended: the look, how many items were told, and the last of them, in case the look is gone. */
export interface Cursor extends Ranked {
  readonly look: string;
  /** From 1. */
  readonly offset: number;
}

const cursorSchema = z.tuple([z.string().regex(/^[A-Za-z0-9-]{1,64}$/), z.int().min(1), z.string().regex(/^-?[0-9]{1,30}(?:\.[0-9]{1,30})?$/), z.string().min(1).max(200)]);

/** Writes a cursor as {@link readCursor} reads it. */
export function writeCursor({ look, offset, profitUsd, id }: Cursor): string {
  return Buffer.from(JSON.stringify([look, offset, profitUsd, id])).toString('base64url');
}

/** Reads a cursor. @throws {InvalidArgument} for one that this service did not give */
export function readCursor(text: string): Cursor {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (!parsed.success) throw foreignCursor();
  const [look, offset, profitUsd, id] = parsed.data;
  return { look, offset, profitUsd, id };
}

/**
 * Finds where the next page begins. In the cursor's own look that is behind what was told. In another one, where its item stands with the same profit, behind it; else before the
 * first that brings no more: rather told twice than not at all.
 *
 * @throws {InvalidArgument} for a cursor that is none of its look
 */
export function findPageStart({ id: look, items }: RankedLook, cursor: Cursor): number {
  if (look === cursor.look) {
    const last = items[cursor.offset - 1];
    if (last?.id !== cursor.id || last.profitUsd !== cursor.profitUsd) throw foreignCursor();
    return cursor.offset;
  }
  const profit = new Decimal(cursor.profitUsd);
  const same = items.findIndex((item) => item.id === cursor.id && profit.eq(item.profitUsd));
  if (same >= 0) return same + 1;
  const next = items.findIndex((item) => profit.gte(item.profitUsd));
  return next < 0 ? items.length : next;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function foreignCursor(): InvalidArgument {
  return new InvalidArgument('The cursor is none that this service gave. Begin again without one.', { in: 'query', path: 'cursor' });
}
