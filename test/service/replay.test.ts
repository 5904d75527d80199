import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replayLiquidations } from '../../src/service/replay.ts';
import { SHARED_DATA } from '../fixtures/recorded/files.ts';

const RECORDED = join(SHARED_DATA, 'demo', 'aave_v2_liquidations_2020-12_2022-04_demo.csv');

describe('replayLiquidations', () => {
  test.skipIf(!existsSync(RECORDED))('default: the recorded Aave v2 liquidations, 5,136 of 5,833 with a known bonus (skipped where the figures are absent)', async () => {
    const result = await replayLiquidations(RECORDED);
    expect([result.rows, result.exact, result.different]).toEqual([5833, 5136, 697]);
    // Exactly the rows whose bonus is not recorded differ, each with its reason.
    expect(result.details).toHaveLength(697);
    expect(result.details.filter((detail) => detail.computed !== null)).toEqual([]);
    expect(result.details.every((detail) => detail.reason.startsWith('no bonus is recorded'))).toBe(true);
  });
});
