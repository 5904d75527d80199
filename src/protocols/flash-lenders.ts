import type { Address, ChainId } from '../core/ids.ts';
import type { Deployment } from './protocol.ts';
import { listDeployments } from './registry.ts';

/** Somebody who lends within one transaction. */
export interface BuiltInLender {
  readonly chain: ChainId;
  readonly name: string;
  readonly kind: 'morpho' | 'aave';
  readonly lender: Address;
  readonly feeBps: number;
}

/** Morpho Blue lends its whole balance without a fee. @source Morpho.sol flashLoan */
const MORPHO_FEE_BPS = 0;
/** What Aave v3 markets take unless governance sets another premium; a plan's `maxFee` makes a greater one fail. @source aave-v3-origin deployment input flashLoanPremium */
const AAVE_FEE_BPS = 5;

/**
 * The lenders of flash loans on a chain by the built-in deployments, cheapest first. Aave's fee is the default of its markets and is not read: the executor refuses a greater one.
 *
 * @example
 * ```ts
 * flashLendersOf('eip155:1')[0]; // { chain: 'eip155:1', name: 'Morpho Blue Ethereum', kind: 'morpho', lender: '0xbbbb…', feeBps: 0 }
 * ```
 */
export function flashLendersOf(chain: ChainId, deployments: readonly Deployment[] = listDeployments()): readonly BuiltInLender[] {
  const own = deployments.filter((deployment) => deployment.chain === chain);
  return [
    ...own.flatMap(({ label: name, contracts }): BuiltInLender[] => (contracts['morpho'] === undefined ? [] : [{ chain, name, kind: 'morpho', lender: contracts['morpho'], feeBps: MORPHO_FEE_BPS }])),
    ...own.flatMap(({ label: name, protocol, contracts }): BuiltInLender[] =>
      protocol === 'aave-v3' && contracts['pool'] !== undefined ? [{ chain, name, kind: 'aave', lender: contracts['pool'], feeBps: AAVE_FEE_BPS }] : [],
    ),
  ];
}
