import * as z from 'zod';
import type { Portfolio } from '../../core/portfolio.ts';
import {
  addressText,
  amount,
  assetText,
  block,
  chainText,
  decimalString,
  document,
  gap,
  integerString,
  isoTime,
  marketPrice,
  named,
  precision,
  ratioString,
  unixSeconds,
  usdString,
} from './shapes.ts';

/** The Portfolio document; it is checked by its own schema and rules. */
export const portfolioBody = document<Portfolio>('Portfolio');

const sums = {
  health: ratioString.nullable().describe('adjustedCollateral / adjustedDebt; null without debt'),
  adjustedCollateral: usdString,
  adjustedDebt: usdString,
  slack: usdString,
  shortfall: usdString,
};
const unified = { ...sums, coverRatio: ratioString.nullable() };
const accountHealth = z.strictObject({ account: z.string(), health: ratioString.nullable() });

const pricePoint = named(
  'PricePoint',
  z.strictObject({
    move: ratioString,
    becomes: z.string().describe('What lies beyond: breached, or safe'),
    prices: z.array(z.strictObject({ asset: assetText, symbol: z.string(), priceUsd: decimalString })),
  }),
);
const pricePair = named('PricePair', z.strictObject({ down: pricePoint.nullable(), up: pricePoint.nullable() }));
const driver = { kind: z.enum(['asset', 'group']), name: z.string(), assets: z.array(assetText) };
const firstPoint = named('FirstPricePoint', z.strictObject({ account: z.string(), ...pricePoint.shape }));

const leg = named(
  'Leg',
  z.strictObject({
    side: z.enum(['collateral', 'supply', 'debt', 'long', 'short', 'margin', 'option', 'fee']),
    asset: assetText,
    symbol: z.string(),
    amount,
    priceUsd: decimalString.describe("By the protocol's oracle"),
    weight: ratioString,
  }),
);

const walletHealth = named(
  'WalletHealth',
  z.strictObject({
    ...unified,
    weakest: accountHealth.nullable().describe('This, not the unified number, is what gets liquidated'),
    weakestAboveDust: accountHealth.nullable(),
    dust: z.array(z.string()),
    debtFree: z.array(z.string()),
    freeCollateral: usdString,
    market: z.strictObject(unified).nullable().describe('The same sums by market prices'),
  }),
);

const account = named(
  'Account',
  z.strictObject({
    id: z.string(),
    owner: addressText,
    chain: chainText,
    protocol: z.string(),
    deployment: z.string(),
    market: z.string(),
    label: z.string(),
    rule: z.string(),
    at: unixSeconds,
    atIso: isoTime,
    native: z
      .strictObject({
        healthFactor: ratioString.nullable(),
        liquidatable: z.boolean().describe("The protocol's own integer comparison"),
        reason: z.string(),
        figures: z.record(z.string(), integerString),
      })
      .describe("The protocol's own number and decision"),
    ...sums,
    insolvent: z.boolean(),
    collateral: usdString,
    debt: usdString,
    idle: usdString,
    atMarketPrices: z.strictObject({ ...sums, collateral: usdString, debt: usdString, atOraclePrice: z.array(assetText) }).nullable(),
    legs: z.array(leg),
    liquidationPrices: z.array(z.strictObject({ ...driver, ...pricePair.shape })),
    distance: ratioString.nullable().describe('Uniform adverse move at which it becomes liquidatable'),
    timeToLiquidation: z.strictObject({ seconds: integerString.nullable(), reason: z.string().nullable() }).nullable().describe('By interest and fees alone'),
    precision,
    missing: z.array(z.string()),
    evidence: z.array(z.strictObject({ source: z.string(), label: z.string(), block: integerString.nullable(), timestamp: unixSeconds.nullable() })),
  }),
);

/** A wallet at moved prices. */
export const shocked = named(
  'Shocked',
  z.strictObject({
    shock: z.array(z.strictObject({ target: z.string(), assets: z.array(assetText), move: ratioString })),
    wallet: walletHealth,
    accounts: z.array(z.strictObject({ account: z.string(), liquidatable: z.boolean(), ...sums })),
    gaps: z.array(gap),
  }),
);

/** The unified risk report: the same document as `plimsoll wallet --json`. */
export const report = named(
  'Report',
  z
    .strictObject({
      status: z.enum(['safe', 'warning', 'critical', 'liquidatable', 'insolvent', 'incomplete']),
      statusWithoutGaps: z.enum(['safe', 'warning', 'critical', 'liquidatable', 'insolvent']),
      owners: z.array(addressText),
      recorded: z.string().nullable().describe('Which recorded data this is, in words; null when live'),
      asOf: z.strictObject({ createdAt: unixSeconds, createdAtIso: isoTime, blocks: z.array(block), prices: z.array(marketPrice) }),
      precision: precision.nullable(),
      wallet: walletHealth,
      accounts: z.array(account),
      liquidationPrices: z.array(z.strictObject({ ...driver, unified: pricePair, first: z.strictObject({ down: firstPoint.nullable(), up: firstPoint.nullable() }) })),
      distance: z.strictObject({ first: z.strictObject({ account: z.string(), move: ratioString }).nullable(), unified: ratioString.nullable() }),
      timeToLiquidation: z.strictObject({ account: z.string(), seconds: integerString }).nullable(),
      gaps: z.array(gap),
      discrepancies: z.array(z.strictObject({ account: z.string().nullable(), deployment: z.string(), field: z.string(), subgraph: z.string(), chain: z.string(), note: z.string() })),
      coverage: z.array(z.strictObject({ deployment: z.string(), chain: chainText, protocol: z.string(), market: z.string(), rule: z.string().nullable(), status: z.enum(['read', 'gap']) })),
      shocked: shocked.optional(),
    })
    .describe('The unified risk report of a wallet. With a gap the status is incomplete, never safe'),
);

/** What recorded data sets hold. */
export const recordedWallets = named(
  'RecordedWallets',
  z.strictObject({
    mode: z.enum(['recorded', 'live']).describe('recorded: without a choice, wallets are read from these data sets'),
    maxBlockAgeSeconds: z.int().min(1).describe('Live data that are older are stale'),
    bands: z.strictObject({ warning: ratioString, critical: ratioString }).describe('Healths below which a status is warning or critical'),
    wallets: z.array(
      z.strictObject({
        dataset: z.string().describe('For the parameter recorded'),
        title: z.string(),
        about: z.string(),
        wallet: addressText,
        label: z.string(),
        moments: z.array(z.strictObject({ at: unixSeconds, atIso: isoTime })).describe('For the parameter at; the newest last'),
      }),
    ),
  }),
);

/** What is supported. */
export const protocols = named(
  'Protocols',
  z.strictObject({
    protocols: z.array(
      z.strictObject({
        protocol: z.string(),
        label: z.string(),
        rules: z.array(z.string()),
        precision: z.strictObject({ withChain: z.string(), withSubgraphOnly: z.string() }),
        deployments: z.array(z.strictObject({ id: z.string(), chain: chainText, label: z.string(), market: z.string(), subgraph: z.string().nullable(), source: z.string() })),
      }),
    ),
  }),
);
