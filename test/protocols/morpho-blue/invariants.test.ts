import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { borrowTotals, computeFigures, isHealthy } from '../../../src/protocols/morpho-blue/health.ts';
import { accrueInterest } from '../../../src/protocols/morpho-blue/interest.ts';
import { computeLiquidation, liquidationIncentiveFactorWad } from '../../../src/protocols/morpho-blue/liquidation.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import { toAssetsDown, toAssetsUp, toSharesDown, toSharesUp } from '../../../src/protocols/morpho-blue/shares.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import { NOW, USDC, wstEthUsdc } from './wsteth-usdc.ts';

const E18 = 10n ** 18n;
const totals = fc.record({ assets: fc.bigInt(0n, 10n ** 24n), shares: fc.bigInt(0n, 10n ** 30n) });
const amount = fc.bigInt(0n, 10n ** 24n);

/** A market and a position whose debt is part of the market's, from tiny to large, around the threshold and far from it. */
const account = fc
  .record({
    totalBorrowAssets: fc.bigInt(1n, 10n ** 18n),
    sharesPerAsset: fc.bigInt(1n, 2_000_000n),
    idle: fc.bigInt(0n, 10n ** 18n),
    partBps: fc.bigInt(1n, 10_000n),
    lltv: fc.constantFrom(385n, 625n, 770n, 860n, 915n, 945n, 965n, 980n),
    cover: fc.bigInt(1n, 3_000n),
    priceE24: fc.bigInt(1n, 10n ** 13n),
    fee: fc.constantFrom(0n, E18 / 10n, E18 / 4n),
    borrowRate: fc.bigInt(0n, 63_419_583_968n),
  })
  .map((draw): { market: MorphoMarket; position: MorphoPosition } => {
    const totalBorrowShares = draw.totalBorrowAssets * draw.sharesPerAsset;
    const borrowShares = (totalBorrowShares * draw.partBps) / 10_000n || 1n;
    const oraclePrice = draw.priceE24 * 10n ** 20n;
    const market = {
      ...wstEthUsdc,
      lltv: draw.lltv * 10n ** 15n,
      fee: draw.fee,
      borrowRate: draw.borrowRate,
      oraclePrice,
      totalBorrowAssets: draw.totalBorrowAssets,
      totalBorrowShares,
      totalSupplyAssets: draw.totalBorrowAssets + draw.idle,
      totalSupplyShares: (draw.totalBorrowAssets + draw.idle) * 1_000_000n,
    };
    const owed = toAssetsUp(borrowShares, borrowTotals(market));
    const collateral = (owed * draw.cover * 10n ** 36n) / (1_000n * oraclePrice) + 1n;
    return { market, position: { supplyShares: 0n, borrowShares, collateral } };
  });

describe('shares', () => {
  test('property: rounding never gives a borrower or a lender anything', () => {
    fc.assert(
      fc.property(totals, amount, (side, assets) => {
        expect(toAssetsUp(toSharesUp(assets, side), side)).toBeGreaterThanOrEqual(assets);
        expect(toAssetsDown(toSharesDown(assets, side), side)).toBeLessThanOrEqual(assets);
        expect(toSharesUp(assets, side) - toSharesDown(assets, side)).toBeLessThanOrEqual(1n);
      }),
    );
  });
});

describe('accrueInterest', () => {
  test('property: the debt grows with time, no total ever falls, and lender and borrower gain and owe the same interest', () => {
    fc.assert(
      fc.property(account, fc.bigInt(0n, 10n ** 8n), fc.bigInt(0n, 10n ** 8n), ({ market }, first, more) => {
        const early = accrueInterest(market, NOW + first);
        const late = accrueInterest(market, NOW + first + more);
        expect(late.totalBorrowAssets).toBeGreaterThanOrEqual(early.totalBorrowAssets);
        // Not against `early`: one unit of fee buys fewer shares of a supply that has grown.
        expect(late.totalSupplyShares).toBeGreaterThanOrEqual(market.totalSupplyShares);
        expect(late.totalBorrowAssets - market.totalBorrowAssets).toBe(late.totalSupplyAssets - market.totalSupplyAssets);
      }),
    );
  });
});

describe('liquidation', () => {
  test('property: the seized collateral is never worth more than the repaid debt times the incentive factor', () => {
    fc.assert(
      fc.property(account, fc.bigInt(1n, 10_000n), ({ market, position }, partBps) => {
        const price = market.oraclePrice ?? 0n;
        const shares = (position.borrowShares * partBps) / 10_000n || 1n;
        const factor = liquidationIncentiveFactorWad(market.lltv);
        for (const input of [{ kind: 'repayShares', shares } as const, { kind: 'seize', assets: position.collateral } as const]) {
          const { seizedAssets, repaidAssets } = computeLiquidation(market, input);
          expect(seizedAssets * price * E18).toBeLessThanOrEqual(repaidAssets * factor * 10n ** 36n);
        }
      }),
    );
  });

  test("property: 'max' is accepted on every unhealthy account, clears the debt or the collateral, and conserves assets", () => {
    let applied = 0;
    fc.assert(
      fc.property(account, ({ market, position }) => {
        fc.pre(!isHealthy(market, position));
        const after = morphoBlueRule.apply({ market, position, at: NOW }, { kind: 'liquidate', repayShares: 'max' });
        expect(after.position.borrowShares).toBe(0n);
        const paid = after.paid[0]?.amount ?? 0n;
        const badDebt = after.liquidation?.badDebt[0]?.amount ?? 0n;
        const before = market.totalSupplyAssets - market.totalBorrowAssets;
        const cash = after.market.totalSupplyAssets - after.market.totalBorrowAssets - before;
        expect(paid - cash).toBeGreaterThanOrEqual(0n);
        expect(paid - cash).toBeLessThanOrEqual(1n);
        expect(badDebt).toBeLessThanOrEqual(market.totalBorrowAssets);
        applied += 1;
      }),
    );
    expect(applied).toBeGreaterThan(20);
  });

  test("property: 'max' holds on the edge, where the collateral is one unit short of paying for the whole debt", () => {
    let applied = 0;
    fc.assert(
      fc.property(account, ({ market, position }) => {
        const { seizedAssets } = computeLiquidation(market, { kind: 'repayShares', shares: position.borrowShares });
        const short = { ...position, collateral: seizedAssets - 1n };
        fc.pre(seizedAssets > 1n && !isHealthy(market, short));
        const after = morphoBlueRule.apply({ market, position: short, at: NOW }, { kind: 'liquidate', repayShares: 'max' });
        expect(after.position).toMatchObject({ borrowShares: 0n, collateral: 0n });
        applied += 1;
      }),
    );
    expect(applied).toBeGreaterThan(20);
  });
});

describe('health and exposure', () => {
  test('property: more collateral never hurts, repaying never hurts', () => {
    fc.assert(
      fc.property(account, fc.bigInt(1n, 10n ** 24n), ({ market, position }, extra) => {
        const richer = computeFigures(market, { ...position, collateral: position.collateral + extra });
        expect(richer.maxBorrow).toBeGreaterThanOrEqual(computeFigures(market, position).maxBorrow);
        const owed = computeFigures(market, position).borrowed;
        const amount = toAssetsDown(position.borrowShares, borrowTotals(market)) / 2n;
        if (amount === 0n) return;
        const half = morphoBlueRule.apply({ market, position, at: NOW }, { kind: 'repay', asset: USDC, amount });
        expect(computeFigures(half.market, half.position).borrowed).toBeLessThanOrEqual(owed);
      }),
    );
  });

  test('property: the exposure agrees with the decision up to one unit of the loan token', () => {
    fc.assert(
      fc.property(account, ({ market, position }) => {
        const view = { market, position, at: NOW };
        const [assets, debt] = morphoBlueRule.exposure(view).map((term) => term.priceUsd.times(term.weight).times(`${term.amount}e-${term.decimals}`));
        if (assets === undefined || debt === undefined) return expect.unreachable('two terms expected');
        const unit = debt.div(`${computeFigures(market, position).borrowed}`);
        const slack = assets.minus(debt);
        const { liquidatable } = morphoBlueRule.health(view);
        if (slack.gte(unit.times(2))) expect(liquidatable).toBe(false);
        if (slack.lt(0)) expect(liquidatable).toBe(true);
      }),
    );
  });

  test('property: a borrow that is accepted leaves a healthy account', () => {
    fc.assert(
      fc.property(account, fc.bigInt(1n, 10n ** 18n), ({ market, position }, assets) => {
        try {
          const after = morphoBlueRule.apply({ market, position, at: NOW }, { kind: 'borrow', asset: USDC, amount: assets });
          expect(isHealthy(after.market, after.position)).toBe(true);
          expect(after.market.totalBorrowAssets).toBeLessThanOrEqual(after.market.totalSupplyAssets);
        } catch (error) {
          if (!isPlimsollError(error, 'RULE_VIOLATION')) throw error;
        }
      }),
    );
  });
});
