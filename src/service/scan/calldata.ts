import type { UnsignedCall } from '../../core/call.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { Address, AssetId } from '../../core/ids.ts';
import type { Portfolio } from '../../core/portfolio.ts';
import type { LiquidationState } from '../../path/forced/liquidation-state.ts';
import type { LiquidatorCall } from '../../path/liquidator/liquidator-opportunity.ts';
import type { TakenLiquidation } from '../../path/opportunities/joint-liquidations.ts';
import { encodeBuyCollateral } from '../../protocols/compound-v3/actions.ts';
import { COMPOUND_V3_RULE } from '../../protocols/compound-v3/rule-id.ts';
import type { ActionContext, Deployment, Protocol } from '../../protocols/protocol.ts';
import { KnownTokens } from '../plan/known-tokens.ts';
import { requireDeployment, requireTarget } from '../plan/step-encoder.ts';

/** A liquidation as unsigned calls of the liquidator, in order, or why there are none. */
export type LiquidationCalldata = { readonly kind: 'complete'; readonly calls: readonly UnsignedCall[] } | { readonly kind: 'none'; readonly reason: string };

/** What encoding needs beside the liquidation. */
export interface CalldataOptions {
  /** Who sends the calls; null where it was not said, which some protocols need to know. */
  readonly liquidator: Address | null;
  readonly protocols: readonly Protocol[];
  /** The built-in rows: the only source of targets. */
  readonly deployments: readonly Deployment[];
  /** `as-read` where this process read the book from its own sources, so that tokens of its markets may be approved; `document` for a file from elsewhere. */
  readonly trust: 'document' | 'as-read';
}

/** A comet may give this much less than was computed, parts in ten thousand: its price moves with every block. */
const BUY_TOLERANCE_BPS = 10n;
const BPS = 10_000n;
/** Stands in where nobody was named; protocols that write the sender into the call are refused before. */
const NOBODY: Address = `0x${'0'.repeat(40)}`;

/** Encodes a liquidation through its protocol's own ABI, aimed at built-in deployments only. What cannot be encoded is a reason. */
export function encodeLiquidation({ opportunity, before }: Pick<TakenLiquidation, 'opportunity' | 'before'>, options: CalldataOptions): LiquidationCalldata {
  try {
    const encoder = openEncoder(before, options);
    return { kind: 'complete', calls: opportunity.calls.flatMap((call) => encoder.encode(call)) };
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return { kind: 'none', reason: error.message };
    throw error;
  }
}

function openEncoder({ account, view }: LiquidationState, options: CalldataOptions) {
  const { protocols, deployments, trust, liquidator } = options;
  const row = requireDeployment(account, deployments);
  const protocol = protocols.find((entry) => entry.id === row.protocol);
  if (protocol === undefined) throw new InvalidArgument(`${row.label} belongs to ${row.protocol}, which this release cannot act on.`);
  const isComet = account.rule.id === COMPOUND_V3_RULE;
  if (liquidator === null && isComet) throw new InvalidArgument(`${row.label} writes the buyer into the call: say who liquidates (--from 0x…).`);
  const tokens = new KnownTokens({ opened: { portfolio: EMPTY, accounts: [account] }, protocols, deployments, trust });
  const context: ActionContext = {
    deployment: row,
    market: account.marketEntry.market,
    state: view.market,
    position: view.position,
    owner: account.entry.owner as Address,
    sender: liquidator ?? NOBODY,
    rule: account.marketEntry.rule,
    nameOf: (asset) => tokens.findName(asset),
  };
  const requireKnown = (asset: AssetId): void => void tokens.get(row.chain, asset);
  return {
    encode(call: LiquidatorCall): readonly UnsignedCall[] {
      for (const { asset } of [...call.paid, ...call.received]) requireKnown(asset);
      const calls = call.step === null ? encodePurchase(context, call) : protocol.encodeStep(paidContext(context, call), call.step);
      for (const encoded of calls) requireTarget(row, tokens, encoded);
      return calls;
    },
  };
}

function paidContext(context: ActionContext, { paid }: LiquidatorCall): ActionContext {
  const [first] = paid;
  return first === undefined ? context : { ...context, paid: first.amount };
}

function encodePurchase(context: ActionContext, { paid, received }: LiquidatorCall): readonly UnsignedCall[] {
  const [[base], [bought]] = [paid, received];
  if (base === undefined || bought === undefined) throw new InvalidArgument('A purchase pays and receives something.');
  return encodeBuyCollateral(context, { asset: bought.asset, baseAmount: base.amount, minAmount: (bought.amount * (BPS - BUY_TOLERANCE_BPS)) / BPS });
}

/** Names of tokens come from the account's legs; nothing else of a document is looked at. */
const EMPTY: Portfolio = {
  schema: 'plimsoll/portfolio@1',
  owners: [],
  createdAt: 0,
  recorded: null,
  asOf: [],
  prices: [],
  coverage: [],
  markets: [],
  accounts: [],
  gaps: [],
  discrepancies: [],
};
