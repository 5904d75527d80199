import type { VNode } from 'preact';
import { short } from '../data/format.ts';
import { formatRoute } from '../data/route.ts';
import { CopyButton } from '../shell/copy-button.tsx';

/** The owner of a row, with the way to its page. A recorded book is not among the wallets that a service over recorded data knows: it would say that this one owes nothing. */
export function Owner({ wallet, isRecorded }: { readonly wallet: string; readonly isRecorded: boolean }): VNode {
  const name = <code title={wallet}>{short(wallet)}</code>;
  const copied = (
    <>
      {name} <CopyButton text={wallet} what="the owner’s address" />
    </>
  );
  return isRecorded ? copied : <a href={formatRoute({ view: 'wallet', wallet, recorded: null, at: null })}>{name}</a>;
}
