import { InternalError } from '../../src/core/errors.ts';
import { type Address, type AssetId, erc20 } from '../../src/core/ids.ts';
import type { AccountView, Rule, Step } from '../../src/core/rule.ts';
import type { AavePool, AavePosition } from '../../src/protocols/aave/state.ts';
import { computeMarketId, encodeParams } from '../../src/protocols/morpho-blue/market-id.ts';
import type { MorphoMarket, MorphoPosition } from '../../src/protocols/morpho-blue/state.ts';
import { type AaveTestChain, type AaveTestReserve, reserveOf } from '../chain/aave-pool-chain.ts';
import { readPool, readPositions, TEST_CHAIN } from '../chain/aave-state.ts';
import { supplyLiquidity } from '../chain/aave-users.ts';
import { Anvil } from '../chain/anvil.ts';
import type { Contract } from '../chain/contract.ts';
import { deployMorphoBlue, type MorphoTestChain, type MorphoTestMarket } from '../chain/morpho-blue-contracts.ts';
import { readMarket, readPosition } from '../chain/morpho-blue-state.ts';
import { addressOf, put } from './executor-chain.ts';

/** Deploys and configures everything. */
export const ADMIN = addressOf(0xad314);
const LENDER = addressOf(0x1e4de);
const USDC_UNIT = 10n ** 6n;
const WETH_UNIT = 10n ** 18n;
const LIQUIDITY_USERS = 200;
const ORACLE_SCALE = 10n ** 36n;
const LLTV = 86n * 10n ** 16n;
/** What the router keeps of a swap, per mille. */
const ROUTER_FEE = 3n;
const PREMIUM_BPS = 5n;
export const EVERYTHING = 2n ** 256n - 1n;

/** Real Aave v3 and real Morpho Blue over the same tokens, and a router between them. */
export interface LendingWorld {
  readonly chain: Anvil;
  readonly aave: AaveTestChain;
  readonly morpho: MorphoTestChain;
  /** WETH against USDC, both Aave's tokens, at Aave's prices. */
  readonly market: MorphoTestMarket;
  readonly router: Contract;
  readonly usdc: AaveTestReserve;
  readonly weth: AaveTestReserve;
  readonly dai: AaveTestReserve;
}

/** What somebody holds and owes in both protocols, raw units. */
export interface Opening {
  readonly aaveWeth: bigint;
  readonly aaveUsdc: bigint;
  readonly morphoWeth: bigint;
  readonly morphoUsdc: bigint;
}

/** Deploys both protocols on a chain of their own, with something to lend in each. */
export async function openWorld(deployAave: (chain: Anvil, admin: string) => Promise<AaveTestChain>): Promise<LendingWorld> {
  const chain = await Anvil.start('cancun');
  for (const account of [ADMIN, LENDER]) await chain.fund(account);
  const aave = await deployAave(chain, ADMIN);
  await supplyLiquidity(aave, LIQUIDITY_USERS);
  const morpho = await deployMorphoBlue(chain, ADMIN);
  const [usdc, weth, dai] = [reserveOf(aave, 'USDC'), reserveOf(aave, 'WETH'), reserveOf(aave, 'DAI')];
  const world = { chain, aave, morpho, usdc, weth, dai, market: await createMarket(chain, morpho, weth, usdc), router: await openRouter(chain, [usdc, weth, dai]) };
  await allowFlashLoans(aave);
  await lend(world, 5_000_000n * USDC_UNIT);
  return world;
}

async function createMarket(chain: Anvil, morpho: MorphoTestChain, collateral: AaveTestReserve, loan: AaveTestReserve): Promise<MorphoTestMarket> {
  const price = (collateral.asset.priceE8 * ORACLE_SCALE * 10n ** BigInt(loan.asset.decimals)) / (loan.asset.priceE8 * 10n ** BigInt(collateral.asset.decimals));
  const oracle = await put(chain, ADMIN, 'TestMarketOracle', [price]);
  const params = { loanToken: loan.token.address, collateralToken: collateral.token.address, oracle: oracle.address, irm: morpho.irm.address, lltv: LLTV };
  await morpho.morpho.write(ADMIN, 'createMarket', encodeParams(params));
  return {
    id: computeMarketId(params),
    params,
    loan: loan.token,
    collateral: collateral.token,
    oracle,
    loanDecimals: loan.asset.decimals,
    collateralDecimals: collateral.asset.decimals,
    lentPerUser: 0n,
  };
}

async function openRouter(chain: Anvil, reserves: readonly AaveTestReserve[]): Promise<Contract> {
  const router = await put(chain, ADMIN, 'TestRouter');
  for (const from of reserves) {
    await from.token.write(ADMIN, 'mint(address,uint256)', router.address, 10n ** BigInt(from.asset.decimals + 9));
    for (const to of reserves) {
      const numerator = from.asset.priceE8 * 10n ** BigInt(to.asset.decimals) * (1_000n - ROUTER_FEE);
      const denominator = to.asset.priceE8 * 10n ** BigInt(from.asset.decimals) * 1_000n;
      await router.write(ADMIN, 'setPrice', from.token.address, to.token.address, numerator, denominator);
    }
  }
  return router;
}

/** The premium is set by one function until v3.5, by another from then on. */
async function allowFlashLoans({ configurator, eModeKind, reserves }: AaveTestChain): Promise<void> {
  for (const { token } of reserves) await configurator.write(ADMIN, 'setReserveFlashLoaning', token.address, true);
  await configurator.write(ADMIN, eModeKind === 'category' ? 'updateFlashloanPremiumTotal' : 'updateFlashloanPremium', PREMIUM_BPS);
}

async function lend({ morpho, market, usdc }: LendingWorld, amount: bigint): Promise<void> {
  await usdc.token.write(ADMIN, 'mint(address,uint256)', LENDER, amount);
  await usdc.token.write(LENDER, 'approve', morpho.morpho.address, EVERYTHING);
  await morpho.morpho.write(LENDER, 'supply', encodeParams(market.params), amount, 0n, LENDER, '0x');
}

/** Opens an account in each protocol: WETH held, USDC owed. */
export async function openAccounts(world: LendingWorld, owner: Address, opening: Opening): Promise<void> {
  const { chain, aave, morpho, market, weth, usdc } = world;
  await chain.fund(owner);
  await weth.token.write(ADMIN, 'mint(address,uint256)', owner, opening.aaveWeth + opening.morphoWeth);
  await weth.token.write(owner, 'approve', aave.pool.address, opening.aaveWeth);
  await aave.pool.write(owner, 'supply', weth.token.address, opening.aaveWeth, owner, 0);
  await aave.pool.write(owner, 'borrow', usdc.token.address, opening.aaveUsdc, 2n, 0, owner);
  await weth.token.write(owner, 'approve', morpho.morpho.address, opening.morphoWeth);
  await morpho.morpho.write(owner, 'supplyCollateral', encodeParams(market.params), opening.morphoWeth, owner, '0x');
  await morpho.morpho.write(owner, 'borrow', encodeParams(market.params), opening.morphoUsdc, 0n, owner, owner);
  // What was borrowed is spent, so that every later balance comes from a plan.
  await usdc.token.write(owner, 'transfer', LENDER, opening.aaveUsdc + opening.morphoUsdc);
}

/** The account in Aave as its rule sees it. */
export async function readAave({ aave, chain }: LendingWorld, owner: Address): Promise<AccountView<AavePool, AavePosition>> {
  const [market, [position], at] = [await readPool(aave), await readPositions(aave, [owner]), await chain.time()];
  if (position === undefined) throw new InternalError('no position');
  return { market, position, at };
}

/** The account in Morpho Blue as its rule sees it. */
export async function readMorpho({ morpho, market, chain }: LendingWorld, owner: Address): Promise<AccountView<MorphoMarket, MorphoPosition>> {
  return { market: await readMarket(morpho, market), position: await readPosition(morpho, market, owner), at: await chain.time() };
}

/** The account after steps, by its rule. @throws {RuleViolation} */
export function afterSteps<Market, Position>(rule: Rule<Market, Position>, view: AccountView<Market, Position>, steps: readonly Step[]): AccountView<Market, Position> {
  return steps.reduce((now, step) => {
    const { market, position } = rule.apply(now, step);
    return { market, position, at: now.at };
  }, view);
}

/** The asset id of a token of the test chain. */
export function assetOf({ token }: AaveTestReserve): AssetId {
  return erc20(TEST_CHAIN, token.address);
}

/** An opening that is worth `scale` times 100,000 dollars of WETH in each protocol, borrowed to two thirds. */
export function openingOf(scalePpm: bigint, borrowedPpm: bigint): Opening {
  const weth = (55n * WETH_UNIT * scalePpm) / 1_000_000n;
  const usdc = (100_000n * USDC_UNIT * scalePpm * borrowedPpm) / 10n ** 12n;
  return { aaveWeth: weth, aaveUsdc: usdc, morphoWeth: weth, morphoUsdc: usdc };
}
