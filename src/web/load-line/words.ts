import type { PriceDriver } from '../../engine/moves.ts';
import { isInsolvent, type Report, type Status } from '../../engine/report.ts';
import { driverName, pointText } from '../data/driver-name.ts';
import { health, plain, size } from '../data/format.ts';
import type { WalletModel, WalletView } from '../data/wallet-model.ts';
import { STATUS_WORD } from './status-words.ts';

/** What the status means for this wallet, in one sentence. */
export function statusSentence(view: WalletView): string {
  if (view.status === 'incomplete') return incompleteSentence(view);
  return meaningOf(view.statusWithoutGaps, view);
}

/** The status in a word or two: where no account was found that is said, for an empty wallet was not judged to be safe. */
export function wordOf({ status, accounts }: Pick<WalletView, 'status' | 'accounts'>): string {
  return accounts.length === 0 && status !== 'incomplete' ? 'No debt found' : STATUS_WORD[status];
}

/**
 * Everything that the picture shows, for who does not see it.
 *
 * @param word what the view is called above the picture
 */
export function pictureSentence(view: WalletView, word: string = wordOf(view)): string {
  const { wallet, status } = view;
  if (wallet.weakest === null)
    return `Load line: ${word}. ${status === 'incomplete' ? 'No debt was seen; there may be some in what could not be read.' : 'No debt that was seen, so nothing can be liquidated.'}`;
  const name = plain(wallet.weakest.account.marketEntry.label);
  const below = wallet.weakest.health?.lt(1) === true ? 'below' : 'above';
  const market = wallet.market === null ? '' : ` By market prices the unified health is ${health(wallet.market.health)}.`;
  return `Load line: ${word}. The weakest account, ${name}, is at ${health(wallet.weakest.health)}, ${below} the line at 1 where it is liquidated. All accounts together are at ${health(wallet.health)}.${market}`;
}

/** What brings the wallet under the line, by today's prices; null where nothing does. */
export function distanceSentence({ report, drivers }: WalletModel): string | null {
  const { first } = report.distance;
  if (first === null || first.move.isZero()) return null;
  return `If prices move ${size(first.move)} the wrong way, ${plain(first.account.account.marketEntry.label)} is liquidated first.${nearestPrice(report, drivers)}`;
}

/** The single price that is nearest to a liquidation. */
function nearestPrice({ liquidationPrices }: Report, drivers: readonly PriceDriver[]): string {
  const points = liquidationPrices.wallet
    .filter(({ driver }) => drivers.includes(driver))
    .flatMap(({ driver, first }) => [first.down, first.up].flatMap((found) => (found === null ? [] : [{ driver, ...found }])));
  const nearest = points.reduce<(typeof points)[number] | null>((near, point) => (near === null || point.point.move.abs().lt(near.point.move.abs()) ? point : near), null);
  if (nearest === null || nearest.point.prices.length === 0) return '';
  return ` The nearest single price: ${driverName(nearest.driver, drivers)} at ${pointText(nearest.driver, nearest.point)}.`;
}

function incompleteSentence(view: WalletView): string {
  if (view.accounts.length === 0) return 'Something could not be read, so nothing can be said about this wallet.';
  const seen = view.statusWithoutGaps === 'safe' ? 'What was read is above the line, but that is not the whole picture.' : `What was read is already ${view.statusWithoutGaps}.`;
  return `Something could not be read, so this is no statement of safety. ${seen}`;
}

function meaningOf(status: Status, { wallet, accounts }: WalletView): string {
  const name = wallet.weakest === null ? '' : plain(wallet.weakest.account.marketEntry.label);
  switch (status) {
    case 'safe':
      if (accounts.length === 0) return 'No account was found where Plimsoll looked.';
      return wallet.weakest === null ? 'Nothing is owed, so nothing can be liquidated.' : 'Every account floats well above its line.';
    case 'warning':
      return `Above the line, without much room: ${name} is the lowest.`;
    case 'critical':
      return `Close to the line: ${name} goes under first.`;
    case 'liquidatable': {
      const gone = accounts.filter((account) => account.native.liquidatable);
      return gone.length === 1
        ? `The line is under water: ${plain(gone[0]?.account.marketEntry.label ?? '')} can be liquidated now.`
        : `The line is under water: ${gone.length} accounts can be liquidated now.`;
    }
    default: {
      const owing = accounts.filter(isInsolvent);
      const byOracle = owing.some(({ raw }) => raw.collateral.lt(raw.debt));
      const who = owing.length === 1 ? `${plain(owing[0]?.account.marketEntry.label ?? '')} owes` : `${owing.length} accounts owe`;
      return `${who} more than ${owing.length === 1 ? 'it holds' : 'they hold'}${byOracle ? '' : ' by market prices, though the oracle does not say so'}.`;
    }
  }
}
