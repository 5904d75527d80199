import type { ExecutorCheck } from '../../core/call.ts';
import { Decimal } from '../../core/decimal.ts';
import { InvalidArgument } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { AccountView } from '../../core/rule.ts';
import type { ActionContext } from '../../protocols/protocol.ts';
import type { EncodableAccount } from './step-encoder.ts';

/** An account as a stage leaves it, and what is asked of it. */
export interface CheckedAccount {
  readonly found: EncodableAccount;
  /** As predicted. */
  readonly view: AccountView<unknown, unknown>;
  readonly owner: Address;
  readonly executor: Address;
  /** Least health, as a plain number: 1.25. */
  readonly target: number;
}

const WAD = new Decimal(10).pow(18);
/** Where the protocol's own rounding puts the predicted health below the target, this share of it may be lost to interest. */
const INTEREST = new Decimal('1e-4');

/** What an executor's plan asserts about one account in the end. */
export function encodeAccountChecks({ found, view, owner, executor, target }: CheckedAccount): readonly ExecutorCheck[] {
  const { deployment, protocol, opened } = found;
  if (protocol.executor === undefined) throw new InvalidArgument(`${deployment.label} takes orders of the owner alone, so no executor can act there.`);
  const { market, rule } = opened.marketEntry;
  const context: ActionContext = { deployment, market, state: view.market, position: view.position, owner, sender: executor, rule };
  const { healthFactor } = opened.rule.health(view);
  return protocol.executor.encodeChecks(context, { before: opened.view.position, at: view.at, minimumHealth: healthFactor === null ? 0n : leastHealth(healthFactor, target) });
}

/** 1e18. The target, unless the protocol itself counts the predicted account as less: its average of thresholds is cut to whole basis points in some versions. */
function leastHealth(predicted: Decimal, target: number): bigint {
  const least = predicted.gte(target) ? new Decimal(target) : predicted.times(new Decimal(1).minus(INTEREST));
  return BigInt(least.times(WAD).floor().toFixed(0));
}
