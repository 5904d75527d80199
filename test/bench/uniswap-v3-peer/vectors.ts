/**
 * Writes test/fixtures/liquidity/uniswap-v3-vectors.json: prices at ticks, single swap steps and whole swaps through random pools, as @uniswap/v3-sdk computes them. Run by hand:
 *
 *     cd test/bench/uniswap-v3-peer && npm install --ignore-scripts && npm run vectors
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { seededRandom } from '../../chain/seeded-random.ts';

interface Jsbi {
  toString(): string;
}
interface PeerPool {
  readonly token0: object;
  readonly token1: object;
  getOutputAmount(input: object): Promise<readonly [{ readonly quotient: Jsbi }, { readonly sqrtRatioX96: Jsbi; readonly liquidity: Jsbi }]>;
}
interface Peer {
  readonly TickMath: { getSqrtRatioAtTick(tick: number): Jsbi };
  readonly SwapMath: { computeSwapStep(current: Jsbi, target: Jsbi, liquidity: Jsbi, remaining: Jsbi, fee: number): readonly [Jsbi, Jsbi, Jsbi, Jsbi] };
  readonly Pool: new (a: object, b: object, fee: number, price: Jsbi, liquidity: string, tick: number, ticks: readonly object[]) => PeerPool;
}
interface Core {
  readonly Token: new (chain: number, address: string, decimals: number) => object;
  readonly CurrencyAmount: { fromRawAmount(token: object, amount: string): object };
}

const require = createRequire(import.meta.url);
const { TickMath, SwapMath, Pool } = require('@uniswap/v3-sdk') as Peer;
const { Token, CurrencyAmount } = require('@uniswap/sdk-core') as Core;
const { BigInt: jsbi } = require('jsbi') as { readonly BigInt: (text: string) => Jsbi };
const random = seededRandom(20_261_121);

const SPACINGS: readonly (readonly [fee: number, spacing: number])[] = [
  [100, 1],
  [500, 10],
  [3_000, 60],
  [10_000, 200],
];
const TOKENS = [new Token(1, `0x${'1'.repeat(40)}`, 18), new Token(1, `0x${'2'.repeat(40)}`, 6)] as const;

const ticks = [-887_272, 887_272, 0, 1, -1, ...Array.from({ length: 60 }, () => random.integer(-887_272, 887_272))].map((tick) => [tick, TickMath.getSqrtRatioAtTick(tick).toString()]);
const steps = [...Array.from({ length: 120 }, randomStep), ...Array.from({ length: 60 }, boundaryStep), ...Array.from({ length: 30 }, extremeStep)];
const pools = [];
for (let at = 0; at < 16; at++) pools.push(await randomPool(at));
writeFileSync(
  new URL('../../fixtures/liquidity/uniswap-v3-vectors.json', import.meta.url),
  `{\n  "peer": "@uniswap/v3-sdk 3.31.5",\n${section('ticks', ticks)},\n${section('steps', steps)},\n${section('pools', pools)}\n}\n`,
);

function section(name: string, rows: readonly unknown[]): string {
  return `  "${name}": [\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`;
}

/** A natural number of up to `digits` digits. */
function natural(digits: number): bigint {
  let value = 0n;
  for (let left = random.integer(1, digits); left > 0; left--) value = value * 10n + BigInt(random.integer(0, 9));
  return value;
}

function randomStep(): Readonly<Record<string, string | number>> {
  const tick = random.integer(-300_000, 300_000);
  return step(tick, tick + random.pick([-1, 1]) * random.integer(1, 4_000), natural(24) + 1n, natural(28));
}

/** An input one unit short of reaching the target. */
function boundaryStep(): Readonly<Record<string, string | number>> {
  const tick = random.integer(-60_000, 60_000);
  const target = tick - random.integer(1, 40_000);
  const liquidity = natural(4) + 1n;
  const needed = BigInt(SwapMath.computeSwapStep(TickMath.getSqrtRatioAtTick(tick), TickMath.getSqrtRatioAtTick(target), jsbi(liquidity.toString()), jsbi((10n ** 30n).toString()), 0)[1].toString());
  return step(tick, target, liquidity, needed > 1n ? needed - 1n : 1n, 0);
}

/** Inputs and prices whose product exceeds 256 bits, with so much liquidity that the contract's other rounding there shows. */
function extremeStep(): Readonly<Record<string, string | number>> {
  const liquidity = 10n ** 37n * BigInt(random.integer(1, 9)) + natural(30);
  return step(random.integer(860_000, 880_000), random.integer(200_000, 300_000), liquidity, 10n ** 30n * BigInt(random.integer(1, 9)) + natural(29));
}

function step(tick: number, targetTick: number, liquidity: bigint, remaining: bigint, feePips = random.pick(SPACINGS)[0]): Readonly<Record<string, string | number>> {
  const [current, target] = [TickMath.getSqrtRatioAtTick(tick), TickMath.getSqrtRatioAtTick(targetTick)];
  const [price, amountIn, amountOut, fee] = SwapMath.computeSwapStep(current, target, jsbi(liquidity.toString()), jsbi(remaining.toString()), feePips);
  return {
    feePips,
    sqrtPriceX96: current.toString(),
    targetX96: target.toString(),
    liquidity: liquidity.toString(),
    remaining: remaining.toString(),
    next: price.toString(),
    amountIn: amountIn.toString(),
    amountOut: amountOut.toString(),
    feeAmount: fee.toString(),
  };
}

async function randomPool(at: number): Promise<object> {
  const [feePips, spacing] = SPACINGS[at % SPACINGS.length] ?? [3_000, 60];
  const tick = random.integer(-250_000, 250_000);
  const centre = Math.floor(tick / spacing);
  const net = new Map<number, bigint>();
  let liquidity = 0n;
  // One position spans everything, so that no swap below ends in a void.
  const positions = [[centre - 9_000 / Math.sqrt(spacing), centre + 9_000 / Math.sqrt(spacing), 10n ** 15n] as const, ...Array.from({ length: random.integer(3, 18) }, () => randomRange(centre))];
  for (const [lower, upper, amount] of positions) {
    const [from, to] = [Math.floor(lower) * spacing, Math.floor(upper) * spacing];
    net.set(from, (net.get(from) ?? 0n) + amount);
    net.set(to, (net.get(to) ?? 0n) - amount);
    if (from <= tick && tick < to) liquidity += amount;
  }
  const sorted = [...net].filter(([, amount]) => amount !== 0n).toSorted(([a], [b]) => a - b);
  const low = BigInt(TickMath.getSqrtRatioAtTick(tick).toString());
  const high = BigInt(TickMath.getSqrtRatioAtTick(tick + 1).toString());
  const sqrtPriceX96 = low + ((high - low) * BigInt(random.integer(0, 999))) / 1_000n;
  const list = sorted.map(([index, amount]) => ({ index, liquidityNet: amount.toString(), liquidityGross: (amount < 0n ? -amount : amount).toString() }));
  const pool = new Pool(TOKENS[0], TOKENS[1], feePips, jsbi(sqrtPriceX96.toString()), liquidity.toString(), tick, list);
  const swaps = [];
  for (let count = 0; count < 14; count++) swaps.push(await swap(pool, count % 2 === 0, random));
  return {
    feePips,
    tickSpacing: spacing,
    tick,
    sqrtPriceX96: sqrtPriceX96.toString(),
    liquidity: liquidity.toString(),
    ticks: sorted.map(([index, amount]) => [index, amount.toString()]),
    swaps: swaps.filter((entry) => entry !== null),
  };
}

function randomRange(centre: number): readonly [number, number, bigint] {
  const lower = centre + random.integer(-900, 800);
  return [lower, lower + random.integer(1, 700), natural(21) + 1n];
}

async function swap(pool: PeerPool, sellsZero: boolean, source: typeof random): Promise<object | null> {
  const amountIn = (natural(23) * BigInt(source.integer(1, 9)) + 1n).toString();
  try {
    const [out, after] = await pool.getOutputAmount(CurrencyAmount.fromRawAmount(sellsZero ? pool.token0 : pool.token1, amountIn));
    return { sellsZero, amountIn, amountOut: out.quotient.toString(), sqrtPriceX96: after.sqrtRatioX96.toString(), liquidity: after.liquidity.toString() };
  } catch {
    // More than the pool's ticks can take: the peer has no answer.
    return null;
  }
}
