import { describe, expect, test } from 'vitest';
import { flashLendersOf } from '../../src/protocols/flash-lenders.ts';

describe(flashLendersOf, () => {
  test('default: Morpho’s free loan first, then the Aave v3 markets at their default premium; no v2, no Spark', () => {
    expect(flashLendersOf('eip155:1').map(({ name, kind, feeBps }) => [name, kind, feeBps])).toEqual([
      ['Morpho Blue Ethereum', 'morpho', 0],
      ['Aave v3 Ethereum', 'aave', 5],
      ['Aave v3 Ethereum Prime', 'aave', 5],
      ['Aave v3 Ethereum EtherFi', 'aave', 5],
    ]);
    expect(flashLendersOf('eip155:1')[0]?.lender).toBe('0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb');
  });

  test('behavior: a chain without either has none', () => {
    expect(flashLendersOf('eip155:999999')).toEqual([]);
    expect(flashLendersOf('eip155:1', [])).toEqual([]);
  });
});
