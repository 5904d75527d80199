import { AbiCoder, keccak256, toUtf8Bytes } from 'ethers';
import { UnsupportedState } from '../../core/errors.ts';
import { type Address, tokenOf } from '../../core/ids.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { AavePool } from '../../protocols/aave/state.ts';
import type { MorphoMarket } from '../../protocols/morpho-blue/state.ts';
import { MORPHO_RULE_ID } from '../../protocols/morpho-blue/violations.ts';
import type { Deployment } from '../../protocols/protocol.ts';
import type { SendRpc } from '../../sources/rpc.ts';
import { readResult } from './drill-chain.ts';

/** Prices that a protocol's oracle is to give, in the oracle's own unit. */
export interface OraclePrices {
  readonly oracle: Address;
  /** By asset; or the only price that the oracle has, under null. */
  readonly prices: readonly { readonly asset: Address | null; readonly price: bigint }[];
}

/**
 * The prices that a market's state stands for, as its protocol's oracle gives them.
 *
 * @throws {UnsupportedState} for a protocol whose oracle is not known here
 */
export function oraclePricesOf({ rule, view, marketEntry }: OpenedAccount, row: Deployment): OraclePrices {
  const { oracle } = row.contracts;
  if (rule.id === MORPHO_RULE_ID) {
    const market = view.market as MorphoMarket;
    return { oracle: market.oracle, prices: [{ asset: null, price: market.oraclePrice ?? 0n }] };
  }
  if (!/^(?:aave|spark)/.test(rule.id) || oracle === undefined) throw new UnsupportedState('a drill cannot replace its oracle', marketEntry.label);
  const { reserves } = view.market as AavePool;
  return { oracle, prices: reserves.flatMap(({ asset, price }) => (tokenOf(asset) === null ? [] : [{ asset: tokenOf(asset), price }])) };
}

/** Where the only price of an oracle is kept: a slot that no contract uses. */
const SINGLE_SLOT = keccak256(toUtf8Bytes('plimsoll drill: the price'));
const SELECTORS = { getAssetPrice: 'b3596f07', price: 'a035b1fe', latestRoundData: 'feaf968c', latestAnswer: '50d25bcd' } as const;

/**
 * Puts code in front of an oracle that answers the given prices and hands everything else on to the oracle's own code, which moves to another address and keeps its storage.
 *
 * @throws {UnsupportedState} where there is no contract at the oracle's address
 */
export async function overridePrices(send: SendRpc, { oracle, prices }: OraclePrices): Promise<void> {
  const code = String(await readResult(send, 'eth_getCode', [oracle, 'latest']));
  if (code === '0x') throw new UnsupportedState('there is no oracle', oracle);
  const copy = `0x${keccak256(AbiCoder.defaultAbiCoder().encode(['string', 'address'], ['plimsoll drill: own code', oracle])).slice(26)}`;
  await readResult(send, 'anvil_setCode', [copy, code]);
  await readResult(send, 'anvil_setCode', [oracle, `0x${assemble(overridingCode(copy))}`]);
  for (const { asset, price } of prices) await readResult(send, 'anvil_setStorageAt', [oracle, asset === null ? SINGLE_SLOT : word(asset), `0x${price.toString(16).padStart(64, '0')}`]);
}

function word(hex: string): string {
  return `0x${hex.slice(2).padStart(64, '0')}`;
}

/** An instruction in hex, a place to jump to, or a jump there (always, or where the top of the stack is not 0). */
type Line = string | { readonly place: string } | { readonly jump: string; readonly isConditional: boolean };

const jumpTo = (jump: string): Line => ({ jump, isConditional: false });
const jumpIfTo = (jump: string): Line => ({ jump, isConditional: true });
const at = (place: string): Line => ({ place });
const push = (hex: string): string => (0x5f + hex.length / 2).toString(16) + hex;

/** price = storage[asset or the one slot]; 0 = not overridden. It is returned five times over: a feed's round data carry the answer in the second word. */
function overridingCode(copy: string): readonly Line[] {
  const compare = (selector: string, place: string): readonly Line[] => ['80', push(selector), '14', jumpIfTo(place)];
  const lines: readonly (readonly Line[])[] = [
    // selector = calldata >> 224
    [push('00'), '35', push('e0'), '1c'],
    compare(SELECTORS.getAssetPrice, 'by asset'),
    compare(SELECTORS.price, 'single'),
    compare(SELECTORS.latestRoundData, 'single'),
    compare(SELECTORS.latestAnswer, 'single'),
    [jumpTo('own')],
    [at('by asset'), push('04'), '35', jumpTo('found')],
    [at('single'), push(SINGLE_SLOT.slice(2)), jumpTo('found')],
    [at('found'), '54', '80', '15', jumpIfTo('own')],
    ['00', '20', '40', '60', '80'].flatMap((offset) => ['80', push(offset), '52']),
    [push('a0'), push('00'), 'f3'],
    // The oracle's own code, on the oracle's own storage.
    [at('own'), '36', push('00'), push('00'), '37'],
    [push('00'), push('00'), '36', push('00'), push(copy.slice(2)), '5a', 'f4'],
    ['3d', push('00'), push('00'), '3e', jumpIfTo('passed'), '3d', push('00'), 'fd'],
    [at('passed'), '3d', push('00'), 'f3'],
  ];
  return lines.flat();
}

/** Bytes of a line: a jump is PUSH2, its place, and JUMP or JUMPI; a place is JUMPDEST. */
function assemble(lines: readonly Line[]): string {
  const places = new Map<string, number>();
  let offset = 0;
  for (const line of lines) {
    if (typeof line !== 'string' && 'place' in line) places.set(line.place, offset);
    offset += typeof line === 'string' ? line.length / 2 : 'place' in line ? 1 : 4;
  }
  return lines
    .map((line) => {
      if (typeof line === 'string') return line;
      if ('place' in line) return '5b';
      return `61${(places.get(line.jump) ?? 0).toString(16).padStart(4, '0')}${line.isConditional ? '57' : '56'}`;
    })
    .join('');
}
