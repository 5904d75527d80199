import type { AccountEvaluation } from '../../engine/evaluate.ts';
import { isInsolvent, type Report, type Status } from '../../engine/report.ts';
import type { WalletModel } from '../data/wallet-model.ts';

/**
 * The status of one account, judged as the wallet's. `incomplete` where a gap may be its own; `clear` where it stands as a safe one does, but something of the wallet could not be
 * seen: nothing is called safe beside a gap.
 */
export type AccountStatus = Status | 'clear' | 'free';

/** Judges one account, at the prices at which it was evaluated. */
export function accountStatus(account: AccountEvaluation, { gaps, bands }: Pick<Report, 'gaps'> & Pick<WalletModel, 'bands'>): AccountStatus {
  if (isInsolvent(account)) return 'insolvent';
  if (account.native.liquidatable) return 'liquidatable';
  if (account.debtFree) return 'free';
  if (account.health?.lt(bands.critical) === true) return 'critical';
  if (account.health?.lt(bands.warning) === true) return 'warning';
  const { entry, marketEntry } = account.account;
  if (gaps.some((gap) => gap.account === entry.id || gap.deployment === marketEntry.deployment)) return 'incomplete';
  return gaps.length > 0 ? 'clear' : 'safe';
}
