import { describe, expect, test } from 'vitest';
import { type Decimal, fromFixed, sum } from '../../src/core/decimal.ts';
import { isPlimsollError } from '../../src/core/errors.ts';
import type { AssetId } from '../../src/core/ids.ts';
import { encodeJson } from '../../src/core/json.ts';
import type { AccountView, ExposureTerm, PriceMove } from '../../src/core/rule.ts';
import type { UnsignedCall } from '../../src/protocols/protocol.ts';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { deepFreeze } from './deep-freeze.ts';
import { FIXTURES } from './fixtures.ts';
import { getFixture, UNLISTED, WITHOUT_FIXTURE } from './protocol-fixture.ts';
import { listAccounts, readSamples, type SampleAccount } from './samples.ts';
import { listSteps, listUnlistedSteps, tokensOf, withForeignAddresses } from './steps.ts';

/** What a rule may refuse a step with. */
const REFUSALS = ['RULE_VIOLATION', 'INVALID_ARGUMENT', 'MISSING_PRICE'] as const;
/** Prices are moved by these many per mille, one asset at a time, and all at once. */
const MOVES = [150n, 400n, 600n, 750n, 850n, 930n, 1_000n, 1_070n, 1_250n, 2_000n, 6_000n] as const;

for (const protocol of PROTOCOLS.filter(({ id }) => !WITHOUT_FIXTURE.has(id))) {
  const fixture = getFixture(protocol, FIXTURES);
  const accounts = listAccounts(await readSamples(protocol, fixture));

  describe(`every rule of ${protocol.id}`, () => {
    test('default: is tried on an account', () => {
      expect(new Set(accounts.map((account) => account.rule.id))).toEqual(new Set(protocol.rules.map((rule) => rule.id)));
    });

    test('behavior: legs, health, exposure and repricing leave frozen states as they are, and give the same again', () => {
      for (const { rule, ...entry } of accounts) {
        const view = frozenView(entry);
        const run = () => [rule.legs(view), rule.health(view), rule.exposure(view), rule.reprice(view.market, new Map([[firstAsset(view, rule), { numerator: 9n, denominator: 10n }]]))];
        expect(run(), entry.name).toEqual(run());
      }
    });

    test('behavior: states survive the document', () => {
      for (const { rule, market, account, name } of accounts) {
        expect(rule.marketSchema.parse(throughJson(market.state)), name).toEqual(market.state);
        expect(rule.positionSchema.parse(throughJson(account.position)), name).toEqual(account.position);
      }
    });

    test("behavior: adjusted collateral less adjusted debt has the sign of the protocol's own decision", () => {
      const seen = { liquidatable: 0, healthy: 0 };
      for (const entry of accounts) {
        for (const view of repriced(entry)) {
          const { liquidatable } = entry.rule.health(view);
          const terms = entry.rule.exposure(view);
          const [collateral, debt] = [sumOf(terms, 'collateral'), sumOf(terms, 'debt')];
          if (debt.isZero()) continue;
          const slack = collateral.minus(debt);
          seen[liquidatable ? 'liquidatable' : 'healthy'] += 1;
          if (slack.abs().lte(debt.times(fixture.rounding))) continue;
          expect(slack.isNegative(), `${entry.name}: ${collateral.toString()} against ${debt.toString()}`).toBe(liquidatable);
        }
      }
      // A check that only ever saw one side would prove nothing.
      expect(seen.liquidatable).toBeGreaterThan(accounts.length);
      expect(seen.healthy).toBeGreaterThan(accounts.length);
    });

    test('behavior: a step leaves the state before it as it was; what it gives is a state again, and the same each time', () => {
      let applied = 0;
      for (const entry of accounts) {
        for (const view of repriced(entry).map(deepFreeze)) {
          for (const step of listSteps(entry.rule.legs(view)).map(deepFreeze)) {
            const result = tryTo(() => entry.rule.apply(view, step));
            if (result === null) continue;
            applied += 1;
            const name = `${entry.name}: ${step.kind}`;
            expect(entry.rule.marketSchema.safeParse(throughJson(result.market)).error?.issues, name).toBeUndefined();
            expect(entry.rule.positionSchema.safeParse(throughJson(result.position)).error?.issues, name).toBeUndefined();
            expect(entry.rule.apply(view, step), name).toEqual(result);
          }
        }
      }
      expect(applied).toBeGreaterThan(accounts.length);
    });

    test(`error: ${fixture.unlistedAsset} for a token that the market does not list`, () => {
      for (const entry of accounts) {
        for (const step of listUnlistedSteps(entry.deployment.chain)) {
          const code = codeOf(() => entry.rule.apply(viewOf(entry), step));
          const allowed = step.kind === 'borrow' || step.kind === 'repay' ? [fixture.unlistedAsset, 'RULE_VIOLATION'] : [fixture.unlistedAsset];
          expect(allowed, `${entry.name}: ${step.kind}`).toContain(code);
        }
      }
    });
  });

  describe(`calls of ${protocol.id}`, () => {
    const own = accounts.filter((entry) => entry.rule.id === entry.market.rule);

    test("default: they go to the deployment's own contracts, or to a token of the step, on its chain", () => {
      let encoded = 0;
      for (const entry of own) {
        const legs = entry.rule.legs(viewOf(entry));
        const held = legs.flatMap((leg) => tokensOf({ kind: 'supply', asset: leg.asset, amount: 0n }));
        for (const step of listSteps(legs)) {
          const calls = tryTo(() => encode(entry, step));
          if (calls === null) continue;
          encoded += 1;
          const allowed = [...Object.values(entry.deployment.contracts), ...(step.kind === 'liquidate' ? held : tokensOf(step))];
          expect(calls.length).toBeGreaterThan(0);
          for (const call of calls) {
            expect(allowed, `${entry.name}: ${step.kind}`).toContain(call.to);
            expect(call).toMatchObject({ chain: entry.deployment.chain, data: expect.stringMatching(/^0x(?:[0-9a-f]{2}){4,}$/), description: expect.stringMatching(/\w+ \w+/) });
            expect(call.value).toBeGreaterThanOrEqual(0n);
          }
        }
      }
      expect(encoded).toBeGreaterThanOrEqual(own.length);
    });

    test('behavior: addresses in a foreign document steer no call', () => {
      for (const entry of own) {
        const foreign = {
          ...entry,
          market: { ...entry.market, state: withForeignAddresses(entry.market.state, UNLISTED) },
          account: { ...entry.account, position: withForeignAddresses(entry.account.position, UNLISTED) },
        };
        for (const step of listSteps(entry.rule.legs(viewOf(entry)))) {
          const calls = tryTo(() => encode(foreign, step)) ?? [];
          expect(
            calls.map((call) => call.to),
            `${entry.name}: ${step.kind}`,
          ).not.toContain(UNLISTED);
        }
      }
    });
  });
}

type Entry = Omit<SampleAccount, 'rule'>;

function viewOf({ market, account, at }: Entry): AccountView<unknown, unknown> {
  return { market: market.state, position: account.position, at };
}

function frozenView(entry: Entry): AccountView<unknown, unknown> {
  return deepFreeze(viewOf(entry));
}

function firstAsset(view: AccountView<unknown, unknown>, rule: SampleAccount['rule']): AssetId {
  const [leg] = rule.legs(view);
  return leg?.asset ?? expect.fail('an account without a leg');
}

/** The account at other prices: each asset moved alone, and later by an hour and a month. */
function repriced(entry: SampleAccount): readonly AccountView<unknown, unknown>[] {
  const view = viewOf(entry);
  const assets = [...new Set(entry.rule.legs(view).map((leg) => leg.asset))];
  const moved = (asset: AssetId, numerator: bigint) => new Map<AssetId, PriceMove>([[asset, { numerator, denominator: 1_000n }]]);
  const atPrices = assets.filter((asset) => asset.includes('/')).flatMap((asset) => MOVES.map((by) => ({ ...view, market: entry.rule.reprice(view.market, moved(asset, by)) })));
  return [...atPrices, { ...view, at: view.at + 3_600n }, { ...view, at: view.at + 2_592_000n }];
}

function sumOf(terms: readonly ExposureTerm[], side: ExposureTerm['side']): Decimal {
  return sum(terms.filter((term) => term.side === side).map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
}

function throughJson(state: unknown): unknown {
  return JSON.parse(JSON.stringify(encodeJson(state)));
}

/** Some protocols need the position beside the context, to say how much 'max' is. */
function encode(entry: Entry, step: Parameters<SampleAccount['protocol']['encodeStep']>[1]): readonly UnsignedCall[] {
  const { deployment, market, account } = entry;
  const context = { deployment, market: market.market, state: market.state, owner: account.owner, sender: account.owner, position: account.position };
  return entry.protocol.encodeStep(context, step);
}

/** The result, or null where it was refused as a step may be; anything else is thrown on. */
function tryTo<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (REFUSALS.some((code) => isPlimsollError(error, code))) return null;
    throw error;
  }
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isPlimsollError(error) ? error.code : String(error);
  }
  return 'accepted';
}
