import * as z from 'zod';
import { portfolioBody } from './report.ts';
import {
  addressText,
  assetText,
  chainsQuery,
  chainText,
  decimalString,
  gap,
  integerString,
  named,
  plainBlock,
  plainPrice,
  positiveText,
  ratioString,
  recordedName,
  shockText,
  unixSeconds,
  usdString,
} from './shapes.ts';

/** What a plan is asked for: the flags of `plimsoll plan`. */
const planOptions = {
  view: z.enum(['self', 'forced', 'liquidator']).default('self').describe('self: your own cheapest path; forced: what liquidations would do; liquidator: what one would earn'),
  target: positiveText.default('1.25').describe('Health A/L that every account must reach, from 1 to below 100'),
  targetNative: z.boolean().default(false).describe("The target is meant in each protocol's own terms"),
  unified: positiveText.nullable().default(null).describe('Unified health factor to reach as well'),
  shock: shockText.nullable().default(null).describe('self: every account must still stand after it; other views: look at these prices'),
  budgetMs: z.int().min(50).max(5_000).default(500).describe('Wall time for the solver, milliseconds'),
  order: z.enum(['any', 'sequence', 'executor']).default('any').describe('sequence: calls of your own, one after the other; executor: one transaction around a flash loan; any: whichever is needed'),
  cash: z.string().min(1).max(400).nullable().default(null).describe('What may be paid from the wallet, as in USDC=1000'),
  gasUsd: positiveText.nullable().default(null).describe('USD of one action'),
  slippage: positiveText.default('0.005').describe('Share that a swap may give less than expected'),
  calldata: z.boolean().default(false).describe('Unsigned calls, simulated where an endpoint is set'),
  acceptGaps: z.boolean().default(false).describe('Calls in spite of what could not be read'),
  executor: addressText.nullable().default(null).describe('Your own PlimsollExecutor'),
  poolFee: z
    .union([z.literal(100), z.literal(500), z.literal(3_000), z.literal(10_000)])
    .nullable()
    .default(null)
    .describe('Fee of the Uniswap v3 pool for swaps whose pool was not read, in hundredths of a basis point'),
};

/** Body of `POST /v1/wallets/{wallet}/plan`. */
export const planRequest = named('PlanRequest', z.strictObject({ ...planOptions, chain: chainsQuery.optional(), recorded: recordedName.optional() }));
/** Body of `POST /v1/plan`. */
export const planOfPortfolioRequest = named('PortfolioPlanRequest', z.strictObject({ portfolio: portfolioBody, ...planOptions }));

const token = { raw: integerString, decimals: z.int().min(0).max(36), amount: decimalString };
const tokenAmount = named('TokenAmount', z.strictObject(token));
const planHealth = named(
  'PlanHealth',
  z.strictObject({
    unifiedHealthFactor: ratioString.nullable(),
    weakest: z.string().nullable(),
    shortfallUsd: usdString,
    accounts: z.array(
      z.strictObject({
        account: z.string(),
        label: z.string(),
        health: ratioString.nullable(),
        adjustedCollateralUsd: usdString,
        adjustedDebtUsd: usdString,
        nativeHealthFactor: ratioString.nullable(),
        liquidatable: z.boolean(),
      }),
    ),
  }),
);
const step = named(
  'PlanStep',
  z.union([
    z.strictObject({ kind: z.literal('swap'), route: z.string(), from: assetText, to: assetText, amountIn: tokenAmount, expectedOut: tokenAmount, minimumOut: tokenAmount }),
    z.strictObject({ kind: z.literal('close'), account: z.string(), sizeUsd: z.string().describe('USD, or max') }),
    z.strictObject({ kind: z.literal('liquidate'), account: z.string() }),
    z.strictObject({ kind: z.enum(['supply', 'borrow', 'withdraw', 'repay']), account: z.string(), asset: assetText, amount: z.literal('max') }),
    z.strictObject({ kind: z.enum(['supply', 'borrow', 'withdraw', 'repay']), account: z.string(), asset: assetText, ...token }),
  ]),
);
const stage = named(
  'PlanStage',
  z.strictObject({
    chain: chainText,
    order: z.enum(['sequence', 'executor', 'orders']),
    loans: z.array(z.strictObject({ kind: z.enum(['morpho', 'aave']), lender: addressText, asset: assetText, ...token, fee: integerString })),
    steps: z.array(step),
  }),
);
/** An unsigned call: nobody here holds a key. */
export const unsignedCall = named('UnsignedCall', z.strictObject({ to: addressText, data: z.string(), value: integerString.describe('Wei'), chainId: z.int().min(1), description: z.string() }));
const simulation = named(
  'Simulation',
  z.union([
    z.strictObject({ kind: z.literal('ready') }),
    z.strictObject({ kind: z.literal('failed'), call: z.int().nullable(), reason: z.string() }),
    z.strictObject({ kind: z.literal('not-simulated'), reason: z.string() }),
  ]),
);
const transactions = named(
  'Transactions',
  z.union([
    z.strictObject({ status: z.literal('incomplete'), reasons: z.array(z.string()) }),
    z.strictObject({
      status: z.enum(['ready', 'not ready']),
      simulations: z.array(simulation),
      calls: z.array(unsignedCall),
      batches: z
        .array(
          z.strictObject({
            version: z.string(),
            chainId: z.string(),
            from: addressText,
            atomicRequired: z.boolean(),
            calls: z.array(z.strictObject({ to: addressText, data: z.string(), value: z.string() })),
          }),
        )
        .describe('EIP-5792, one for each stage'),
    }),
  ]),
);
const own = named(
  'SelfPlan',
  z.strictObject({
    order: z.string(),
    rounds: z.int(),
    method: z.string(),
    repairs: z.int(),
    headRoom: z.string(),
    cost: z.strictObject({ slippageUsd: usdString, feesUsd: usdString, gasUsd: usdString, penaltyUsd: usdString, cashUsd: usdString, totalUsd: usdString }),
    lowerBoundUsd: usdString.describe('No plan of the model costs less'),
    gapUsd: usdString,
    stages: z.array(stage),
    before: planHealth,
    after: planHealth,
    cashAfter: z.array(z.strictObject({ asset: assetText, ...token })),
    baselines: z.array(z.strictObject({ name: z.string(), totalUsd: usdString.nullable(), extraUsd: usdString.nullable(), ratio: ratioString.nullable(), reason: z.string().nullable() })),
    policies: z.array(
      z.strictObject({ policy: z.string(), totalUsd: usdString.nullable(), extraUsd: usdString.nullable(), reachesTarget: z.boolean(), funding: z.string().nullable(), reason: z.string().nullable() }),
    ),
    transactions: transactions.nullable(),
  }),
);
const costs = z.strictObject({ costUsd: usdString, badDebtUsd: usdString });
const sequence = named('ForcedSequence', z.strictObject({ method: z.string(), ended: z.string(), costUsd: usdString, badDebtUsd: usdString, liquidations: z.int() }));
const forced = named(
  'ForcedView',
  z
    .strictObject({
      at: z.enum(['now', 'shock', 'first']),
      uniformMove: ratioString.nullable(),
      best: costs,
      rational: costs,
      worst: costs,
      accounts: z.array(
        z.union([
          z.strictObject({ account: z.string(), label: z.string(), status: z.literal('safe'), reason: z.string(), move: ratioString.nullable() }),
          z.strictObject({
            account: z.string(),
            label: z.string(),
            status: z.literal('liquidatable'),
            reason: z.string(),
            pairs: z.array(
              z.strictObject({
                collateral: assetText.nullable(),
                debt: assetText.nullable(),
                costUsd: usdString.nullable(),
                toxicity: z.strictObject({ lowersHealth: z.boolean(), raisesLoanToValue: z.boolean() }).nullable(),
                refusal: z.string().nullable(),
              }),
            ),
            best: sequence,
            rational: sequence,
            worst: sequence,
          }),
        ]),
      ),
    })
    .describe("What the protocols' own rules would do if nothing is done"),
);
const candidate = z.strictObject({
  account: z.string(),
  label: z.string(),
  chain: chainText,
  kind: z.string(),
  collateral: assetText.nullable(),
  debt: assetText.nullable(),
  profitUsd: usdString,
  breakEvenGasUsd: usdString,
  calls: z.int(),
});

/** A plan beside what happens if nothing is done: the same document as `plimsoll plan --json`. */
export const plan = named(
  'Plan',
  z.strictObject({
    view: z.enum(['self', 'forced', 'liquidator']),
    asOf: z.strictObject({ blocks: z.array(plainBlock), prices: z.array(plainPrice) }),
    recorded: z.string().nullable(),
    target: z.strictObject({ health: decimalString, native: z.boolean(), unified: decimalString.nullable(), scenarios: z.array(z.string()) }),
    self: own.nullable().describe('Null in the other views, and where it was refused'),
    refused: z
      .strictObject({ code: z.string(), message: z.string(), fields: z.record(z.string(), z.unknown()) })
      .nullable()
      .describe('Why there is no plan'),
    forced,
    liquidator: z
      .strictObject({
        method: z.string(),
        profitUsd: usdString,
        ended: z.enum(['done', 'capped']),
        sequence: z.array(candidate),
        opportunities: z.array(candidate),
        closed: z.array(z.strictObject({ account: z.string(), label: z.string(), reason: z.string() })),
      })
      .nullable(),
    curves: z.array(z.strictObject({ route: z.string(), source: z.string(), observedAt: unixSeconds.nullable(), assumed: z.boolean(), depth: z.string() })),
    gas: z.strictObject({ assumedOn: z.array(chainText) }),
    gaps: z.array(gap),
  }),
);
