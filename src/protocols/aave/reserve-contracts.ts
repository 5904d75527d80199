import { InvalidArgument } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { Deployment, KnownToken } from '../protocol.ts';
import { RESERVE_TOKENS } from './reserve-tokens.ts';

const TOKEN = 'token:';
const A_TOKEN = 'aToken:';
const DEBT_TOKEN = 'debtToken:';

/** The tokens of a deployment's reserves as entries of its row: `token:WETH`, `aToken:WETH`, `debtToken:WETH`. */
export function reserveContracts(deploymentId: string): Readonly<Record<string, Address>> {
  const rows = RESERVE_TOKENS[deploymentId] ?? [];
  return Object.fromEntries(
    rows.flatMap(([name, , token, aToken, debtToken]) => [
      [`${TOKEN}${name}`, token],
      [`${A_TOKEN}${name}`, aToken],
      [`${DEBT_TOKEN}${name}`, debtToken],
    ]),
  );
}

/** Every underlying token that the row names. */
export function listReserveTokens({ id, contracts }: Deployment): readonly KnownToken[] {
  const decimals = new Map((RESERVE_TOKENS[id] ?? []).map(([name, count]) => [name, count]));
  return Object.entries(contracts).flatMap(([key, token]) => {
    const symbol = key.slice(TOKEN.length);
    return key.startsWith(TOKEN) ? [{ token, symbol, decimals: decimals.get(symbol) ?? null }] : [];
  });
}

/** What stands for a reserve's supply and debt. @throws {InvalidArgument} where the built-in row does not name the reserve. */
export function getReserveContracts({ id, label, contracts }: Deployment, token: Address): { readonly aToken: Address; readonly debtToken: Address } {
  const name = Object.keys(contracts)
    .find((key) => key.startsWith(TOKEN) && contracts[key] === token)
    ?.slice(TOKEN.length);
  const [aToken, debtToken] = name === undefined ? [] : [contracts[`${A_TOKEN}${name}`], contracts[`${DEBT_TOKEN}${name}`]];
  if (aToken === undefined || debtToken === undefined) {
    throw new InvalidArgument(`${token} is not a reserve in this release's row of ${label} (${id}), so an executor cannot act on it. Use an order of steps without the executor.`);
  }
  return { aToken, debtToken };
}
