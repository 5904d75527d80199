import type { ExecutorStep, UnsignedCall } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type Address, type AssetId, type ChainId, tokenOf } from '../../core/ids.ts';
import { describeStep, formatAmount, type TokenName } from '../../core/sentences.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import type { AccountStep } from '../../path/plan/plan-steps.ts';
import type { StepEncoder } from '../../path/transactions/step-encoder.ts';
import { flashLendersOf } from '../../protocols/flash-lenders.ts';
import type { ActionContext, Deployment, Protocol } from '../../protocols/protocol.ts';
import { encodeAccountChecks } from './checks.ts';
import { KnownTokens } from './known-tokens.ts';

/** What encoding needs to know beside the plan. */
export interface StepEncoderOptions {
  readonly opened: OpenedPortfolio;
  readonly owner: Address;
  readonly protocols: readonly Protocol[];
  /** The built-in rows: the only source of targets. */
  readonly deployments: readonly Deployment[];
  /** `as-read` where this process read the portfolio from its sources, so that tokens of markets that this release has no row for may be approved; `document` for a file from elsewhere. */
  readonly trust: 'document' | 'as-read';
  /** Least health that an executor's plan asserts of an account, in exposure form. */
  readonly targetOf: (account: string) => number;
}

/** An account with the built-in row and the protocol that act on it. */
export interface EncodableAccount {
  readonly opened: OpenedAccount;
  readonly deployment: Deployment;
  readonly protocol: Protocol;
}

/**
 * The protocols as a plan's transactions need them, aimed at the built-in rows alone.
 *
 * @throws {InvalidArgument} from its members: for an account of somebody else, a deployment that is not built in or does not fit its market, a token or lender that this release does not know.
 */
export function createStepEncoder(options: StepEncoderOptions): StepEncoder {
  const { opened, owner, protocols, deployments } = options;
  const tokens = new KnownTokens(options);
  const accounts = new Map(opened.accounts.map((account) => [account.entry.id, account]));

  function find(id: string, chain?: ChainId): EncodableAccount {
    const account = accounts.get(id);
    if (account === undefined) throw new InvalidArgument(`The plan names the account ${id}, which is not in the portfolio.`);
    const row = requireDeployment(account, deployments);
    if (account.entry.owner !== owner) throw new InvalidArgument(`The account ${id} belongs to ${account.entry.owner}, not to ${owner}. Only the owner can sign for it.`);
    if (chain !== undefined && row.chain !== chain) throw new InvalidArgument(`The account ${id} is on ${row.chain}, but its stage on ${chain}.`);
    const protocol = protocols.find((entry) => entry.id === row.protocol);
    if (protocol === undefined) throw new InvalidArgument(`${row.label} belongs to ${row.protocol}, which this release cannot act on.`);
    return { opened: account, deployment: row, protocol };
  }

  function contextOf({ account: id, before, paid, received, step }: AccountStep, sender: Address): { readonly found: EncodableAccount; readonly context: ActionContext } {
    const found = find(id);
    const { marketEntry } = found.opened;
    if ('asset' in step) tokens.get(found.deployment.chain, step.asset);
    const [cost, gain] = [paid[0]?.amount, received[0]?.amount];
    const known = { ...(cost === undefined ? {} : { paid: cost }), ...(gain === undefined ? {} : { received: gain }) };
    return {
      found,
      context: {
        deployment: found.deployment,
        market: marketEntry.market,
        state: before.market,
        position: before.position,
        owner,
        sender,
        rule: marketEntry.rule,
        nameOf: (asset) => tokens.findName(asset),
        ...known,
      },
    };
  }

  return {
    encodeOwn(step) {
      const { found, context } = contextOf(step, owner);
      const calls = found.protocol.encodeStep(context, step.step);
      for (const call of calls) requireTarget(found.deployment, tokens, call);
      return calls;
    },
    encodeForExecutor(step, executor) {
      const { found, context } = contextOf(step, executor);
      if (found.protocol.executor === undefined) throw new InvalidArgument(`${found.deployment.label} takes orders of the owner alone, so no executor can act there.`);
      const encoded = found.protocol.executor.encodeStep(context, step.step);
      requireTargets(found.deployment, tokens, encoded);
      return encoded;
    },
    encodeChecks: (stage, executor) => [...stage.after].flatMap(([id, view]) => encodeAccountChecks({ found: find(id, stage.chain), view, owner, executor, target: options.targetOf(id) })),
    describe: (step) => describe(step, find(step.account), tokens),
    tokenOf: (stage, asset) => tokens.get(stage.chain, asset),
    requireLender(stage, { kind, lender }) {
      const isBuiltIn = flashLendersOf(stage.chain, deployments).some((entry) => entry.kind === kind && entry.lender === lender);
      if (!isBuiltIn) throw new InvalidArgument(`${lender} is no lender of flash loans that this release knows on ${stage.chain}.`);
    },
  };
}

/** The built-in row that a market of a document belongs to. @throws {InvalidArgument} where there is none, or the document says something else than the row. */
export function requireDeployment({ marketEntry }: OpenedAccount, deployments: readonly Deployment[]): Deployment {
  const row = deployments.find((entry) => entry.id === marketEntry.deployment);
  if (row === undefined) throw new InvalidArgument(`The portfolio names the deployment ${marketEntry.deployment}, which is not built in. No call is made there.`);
  const fits = row.chain === marketEntry.chain && row.protocol === marketEntry.protocol && (row.market === '' || row.market === marketEntry.market) && marketEntry.rule.startsWith(`${row.protocol}@`);
  if (!fits)
    throw new InvalidArgument(`The portfolio's market ${marketEntry.id} is not what the built-in row ${row.id} says (${row.chain}, ${row.market === '' ? row.protocol : row.market}). Read it again.`);
  return row;
}

/** Calls go to the row's contracts or to a token that is known. @throws {InvalidArgument} */
export function requireTarget(deployment: Deployment, tokens: KnownTokens, call: Pick<UnsignedCall, 'to'>): void {
  if (Object.values(deployment.contracts).includes(call.to)) return;
  tokens.require(deployment.chain, call.to);
}

function requireTargets(deployment: Deployment, tokens: KnownTokens, { calls, rights }: ExecutorStep): void {
  for (const { target, approval } of calls) {
    requireTarget(deployment, tokens, { to: target });
    if (approval === null) continue;
    tokens.require(deployment.chain, approval.token);
    if (!Object.values(deployment.contracts).includes(approval.spender)) throw new InvalidArgument(`${approval.spender} is not a contract of ${deployment.label}, so it gets no approval.`);
  }
  for (const { contract } of rights) requireTarget(deployment, tokens, { to: contract });
}

function describe({ step }: AccountStep, { deployment, opened }: EncodableAccount, tokens: KnownTokens): string {
  const place = deployment.market === '' ? opened.marketEntry.label : deployment.label;
  if (step.kind === 'close') return `Close ${step.sizeUsd === 'max' ? 'all' : formatAmount(step.sizeUsd, USD_30)} of the position in ${place}.`;
  if (step.kind === 'liquidate') return `Liquidate the account in ${place}.`;
  return describeStep(step.kind, step.amount, { token: nameOf(tokens, deployment.chain, step.asset), place });
}

/** GMX counts position sizes in USD with 30 decimals. */
const USD_30: TokenName = { symbol: 'USD', decimals: 30 };

function nameOf(tokens: KnownTokens, chain: ChainId, asset: AssetId): TokenName {
  if (tokenOf(asset) === null) throw new InvalidArgument(`${asset} is not a token.`);
  return tokens.get(chain, asset).name;
}
