import { erc20 } from '../../../src/core/ids.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import type { AaveHolding, AavePool, AavePosition, AaveReserve } from '../../../src/protocols/aave/state.ts';
import { type SeededRandom, seededRandom } from '../../chain/seeded-random.ts';

/** Reserves of the pool; each account holds or owes in one to nine of them, so every reserve has a tenth of the accounts. */
export const RESERVES = 50;
const MOST_LEGS = 9;
/** Unix second at which the book is opened; indexes were stored up to an hour before. */
export const AT = 1_773_400_000n;
export const poolRule = createAaveRule(getAaveProfile('aave-v3@3.6'));

const RAY = 10n ** 27n;
const SEED = 20_261_121;
/** One account in this many is liquidatable when the book is made. */
const LIQUIDATABLE_ONE_IN = 2_000;
const E_MODES = [
  { id: 1, members: [0, 1, 2, 3, 4, 5] },
  { id: 2, members: [6, 7, 8, 9, 10, 11] },
] as const;

/** Accounts in typed arrays: positions are made from them when they are asked for, as from a store. */
export interface PoolAccounts {
  readonly pool: AavePool;
  readonly count: number;
  /** Legs of all accounts. */
  readonly legs: number;
  readonly position: (account: number) => AavePosition;
}

/** The same accounts every time; a book of fewer is the beginning of a book of more. */
export function makePoolAccounts(count: number): PoolAccounts {
  const random = seededRandom(SEED);
  const pool = makePool(random);
  const starts = new Uint32Array(count + 1);
  const reserves = new Uint8Array(count * MOST_LEGS);
  /** Scaled balances in units of 1e-6 tokens, debt negative. */
  const amounts = new Float64Array(count * MOST_LEGS);
  const eModes = new Uint8Array(count);
  let leg = 0;
  for (let account = 0; account < count; account += 1) {
    starts[account] = leg;
    const made = makeLegs(random, pool);
    eModes[account] = made.eMode;
    for (const { reserve, amount } of made.legs) {
      reserves[leg] = reserve;
      amounts[leg] = amount;
      leg += 1;
    }
  }
  starts[count] = leg;
  const position = (account: number): AavePosition => {
    const holdings: AaveHolding[] = [];
    for (let at = starts[account] ?? 0; at < (starts[account + 1] ?? 0); at += 1) holdings.push(holdingOf(reserves[at] ?? 0, amounts[at] ?? 0));
    return { eMode: eModes[account] ?? 0, holdings };
  };
  return { pool, count, legs: leg, position };
}

/** Decimals of a reserve by its id: a third have six, the rest eighteen. */
function decimalsOf(reserve: number): number {
  return reserve % 3 === 0 ? 6 : 18;
}

function holdingOf(reserve: number, amount: number): AaveHolding {
  const scaled = BigInt(Math.abs(amount)) * 10n ** BigInt(decimalsOf(reserve) - 6);
  return { reserve, scaledSupply: amount > 0 ? scaled : 0n, usedAsCollateral: amount > 0, scaledVariableDebt: amount > 0 ? 0n : scaled, stableDebt: null };
}

function makePool(random: SeededRandom): AavePool {
  const reserves = Array.from({ length: RESERVES }, (_, id): AaveReserve => {
    const threshold = random.integer(6_000, 8_600);
    return {
      id,
      asset: erc20('eip155:1', `0x${(id + 1).toString(16).padStart(40, '0')}`),
      symbol: `T${id}`,
      decimals: decimalsOf(id),
      ltvBps: threshold - 500,
      liquidationThresholdBps: threshold,
      liquidationBonusBps: 10_500,
      liquidationProtocolFeeBps: 1_000,
      active: true,
      frozen: false,
      paused: false,
      borrowingEnabled: true,
      siloedBorrowing: false,
      borrowableInIsolation: false,
      debtCeiling: 0n,
      isolationDebt: 0n,
      supplyCap: 0n,
      borrowCap: 0n,
      liquidityIndex: RAY + random.part(RAY, 0, 200_000),
      liquidityRate: random.part(RAY, 5_000, 60_000),
      variableBorrowIndex: RAY + random.part(RAY, 0, 300_000),
      variableBorrowRate: random.part(RAY, 20_000, 120_000),
      lastUpdate: AT - BigInt(random.integer(0, 3_600)),
      gracePeriodUntil: 0n,
      price: BigInt(Math.round(10 ** (8 + random.next() * 3))),
      scaledSupply: null,
      scaledVariableDebt: null,
      accruedToTreasury: null,
      availableLiquidity: null,
    };
  });
  const eModes = E_MODES.map(({ id, members }) => ({
    id,
    label: `mode ${id}`,
    ltvBps: 9_000,
    liquidationThresholdBps: 9_300,
    liquidationBonusBps: 10_100,
    collateral: [...members],
    borrowable: [...members],
    ltvZero: [],
    isolated: false,
    price: null,
  }));
  return { baseUnit: 10n ** 8n, baseUsdE8: 10n ** 8n, baseAsset: null, reserves, eModes, liquidationAllowed: true, borrowAllowed: true };
}

interface MadeLegs {
  readonly eMode: number;
  readonly legs: readonly { readonly reserve: number; readonly amount: number }[];
}

/** A health factor between 1.001 and 3 for most; one leg is collateral alone. */
function makeLegs(random: SeededRandom, pool: AavePool): MadeLegs {
  const mode = random.integer(0, 9) === 0 ? random.pick(E_MODES) : null;
  const count = random.integer(1, mode === null ? MOST_LEGS : mode.members.length);
  const ids = pick(random, mode === null ? null : mode.members, count);
  const collaterals = Math.ceil(count / 2);
  const health = random.integer(1, LIQUIDATABLE_ONE_IN) === 1 ? 0.5 + 0.4999 * random.next() : 1.001 + 2 * random.next();
  let weighted = 0;
  const legs: { reserve: number; amount: number }[] = [];
  for (const [at, reserve] of ids.entries()) {
    const { price, liquidationThresholdBps, liquidityIndex, variableBorrowIndex } = pool.reserves[reserve] as AaveReserve;
    const usdPerUnit = Number(price) / 1e14;
    if (at < collaterals) {
      const usd = 10 ** (1.5 + 4 * random.next());
      weighted += usd * (mode === null ? liquidationThresholdBps / 10_000 : 0.93);
      legs.push({ reserve, amount: Math.ceil(usd / usdPerUnit / (Number(liquidityIndex) / 1e27)) });
    } else {
      const usd = weighted / health / (count - collaterals);
      legs.push({ reserve, amount: -Math.ceil(usd / usdPerUnit / (Number(variableBorrowIndex) / 1e27)) });
    }
  }
  return { eMode: mode?.id ?? 0, legs: legs.toSorted((a, b) => a.reserve - b.reserve) };
}

/** Different reserves, of the members or of all. */
function pick(random: SeededRandom, members: readonly number[] | null, count: number): readonly number[] {
  if (members !== null) return random.sample(members, count);
  const picked: number[] = [];
  while (picked.length < count) {
    const reserve = random.integer(0, RESERVES - 1);
    if (!picked.includes(reserve)) picked.push(reserve);
  }
  return picked;
}
