import { describe, expect, test } from 'vitest';
import { type Cursor, findPageStart, readCursor, writeCursor } from '../../src/api/routes/ranking-cursor.ts';

const item = (id: string, profitUsd: string) => ({ id, profitUsd });
const LOOK = { id: 'look1', items: [item('a', '50'), item('b', '40.5'), item('c', '40.50'), item('d', '30'), item('e', '-1')] };
const cursor: Cursor = { look: 'look1', offset: 2, profitUsd: '40.5', id: 'b' };
const written = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('readCursor', () => {
  test('default: what writeCursor wrote', () => {
    expect(readCursor(writeCursor(cursor))).toEqual(cursor);
    expect(writeCursor(cursor)).toMatch(/^[A-Za-z0-9_-]{8,400}$/);
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['no list', {}],
    ['a profit that is no decimal', ['look1', 2, 'much', 'b']],
    ['a profit that is none', ['look1', 2, '', 'b']],
    ['a profit in exponent notation', ['look1', 2, '4e1', 'b']],
    ['NaN', ['look1', 2, 'NaN', 'b']],
    ['a profit as a number', ['look1', 2, 40.5, 'b']],
    ['an offset below 1', ['look1', 0, '40.5', 'b']],
    ['a broken offset', ['look1', 1.5, '40.5', 'b']],
    ['a huge offset', ['look1', 1e300, '40.5', 'b']],
    ['an offset as text', ['look1', '2', '40.5', 'b']],
    ['a look of other letters', ['<look>', 2, '40.5', 'b']],
    ['no item', ['look1', 2, '40.5', '']],
    ['too little', ['look1', 2, '40.5']],
    ['too much', ['look1', 2, '40.5', 'b', 'c']],
  ])('bad input: %s', (_, value) => {
    expect(() => readCursor(written(value))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', fields: { in: 'query', path: 'cursor' } }));
  });
});

describe('findPageStart', () => {
  test('default: behind what was told of its own look', () => {
    expect(findPageStart(LOOK, cursor)).toBe(2);
  });

  test.each([
    ['an offset behind the end', { ...cursor, offset: 9 }],
    ['another item', { ...cursor, id: 'c' }],
    ['another profit', { ...cursor, profitUsd: '41' }],
  ])('bad input: of its own look, but with %s', (_, forged) => {
    expect(() => findPageStart(LOOK, forged)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test.each<[string, Partial<Cursor>, number]>([
    ['its item where that stands, whatever the old offset', { offset: 4 }, 2],
    ['its item among others of the same profit, in whatever words', { id: 'c', profitUsd: '40.500' }, 3],
    ['the profit of an item that has gone: those of the same profit are told rather twice than not at all', { id: 'gone' }, 1],
    ['the profit of an item that moved', { id: 'd', profitUsd: '45', offset: 1 }, 1],
    ['a profit below 0', { id: 'gone', profitUsd: '-0.5' }, 4],
    ['the last', { id: 'e', profitUsd: '-1' }, 5],
    ['less than all', { id: 'gone', profitUsd: '-2' }, 5],
  ])('behavior: in another look it goes on behind %s', (_, changed, expected) => {
    expect(findPageStart(LOOK, { ...cursor, look: 'gone', ...changed })).toBe(expected);
  });
});
