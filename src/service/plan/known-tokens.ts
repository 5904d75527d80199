import { InvalidArgument } from '../../core/errors.ts';
import { type Address, type AssetId, type ChainId, erc20, tokenOf } from '../../core/ids.ts';
import type { TokenName } from '../../core/sentences.ts';
import type { OpenedPortfolio } from '../../engine/open-portfolio.ts';
import type { Deployment, KnownToken, Protocol } from '../../protocols/protocol.ts';

/** Where tokens may come from. */
export interface TokenSources {
  readonly opened: OpenedPortfolio;
  readonly protocols: readonly Protocol[];
  readonly deployments: readonly Deployment[];
  readonly trust: 'document' | 'as-read';
}

/**
 * The tokens that a plan's calls may name: those of the built-in rows; and, of a portfolio that this process has read itself, those that its accounts name. Names of built-in tokens are the
 * release's own; a document that tells other decimals of one is refused, since its amounts would not be what they are called.
 */
export class KnownTokens {
  readonly #builtIn: ReadonlyMap<AssetId, KnownToken>;
  readonly #named = new Map<AssetId, TokenName>();
  readonly #trust: TokenSources['trust'];

  constructor({ opened, protocols, deployments, trust }: TokenSources) {
    this.#trust = trust;
    this.#builtIn = builtInTokens(protocols, deployments);
    for (const { legs, rule, view } of opened.accounts) {
      for (const { asset, symbol, decimals } of [...legs, ...(rule.planning?.(view).arcs ?? [])]) if (!this.#named.has(asset)) this.#named.set(asset, { symbol, decimals });
    }
  }

  /** A token with its name. @throws {InvalidArgument} for what is no token of the chain, is not known, or has other decimals than the document says. */
  get(chain: ChainId, asset: AssetId): { readonly token: Address; readonly name: TokenName } {
    const token = tokenOf(asset);
    if (token === null || !asset.startsWith(`${chain}/`)) throw new InvalidArgument(`${asset} is not a token of ${chain}.`);
    this.require(chain, token);
    const name = this.findName(asset);
    if (name === null) throw new InvalidArgument(`The decimals of ${asset} are not known, so no amount of it can be told.`);
    const named = this.#named.get(asset);
    if (named !== undefined && named.decimals !== name.decimals) {
      throw new InvalidArgument(`The portfolio says that ${name.symbol} (${token}) has ${named.decimals} decimals; it has ${name.decimals}. Read the portfolio again.`);
    }
    return { token, name };
  }

  /** A token's name: the release's own symbol and decimals where it has them. Null where nothing is known. */
  findName(asset: AssetId): TokenName | null {
    const [builtIn, named] = [this.#builtIn.get(asset), this.#named.get(asset)];
    const decimals = builtIn?.decimals ?? named?.decimals;
    const symbol = builtIn?.symbol ?? named?.symbol;
    return decimals === undefined || symbol === undefined ? null : { symbol, decimals };
  }

  /** @throws {InvalidArgument} where the token is neither built in nor, of a portfolio that was read here, named in it. */
  require(chain: ChainId, token: Address): void {
    const asset = erc20(chain, token);
    if (this.#builtIn.has(asset) || (this.#trust === 'as-read' && this.#named.has(asset))) return;
    throw new InvalidArgument(`${token} on ${chain} is not a token that this release knows, so a document cannot have it called. Read the portfolio of the wallet itself, or add the token to a row.`, {
      token,
    });
  }
}

/** By the lists that they are of: a book's liquidations are encoded one by one, and the rows stay the same. */
const BUILT_IN = new WeakMap<readonly Protocol[], WeakMap<readonly Deployment[], ReadonlyMap<AssetId, KnownToken>>>();

function builtInTokens(protocols: readonly Protocol[], deployments: readonly Deployment[]): ReadonlyMap<AssetId, KnownToken> {
  const ofProtocols = BUILT_IN.get(protocols) ?? new WeakMap<readonly Deployment[], ReadonlyMap<AssetId, KnownToken>>();
  BUILT_IN.set(protocols, ofProtocols);
  const tokens = ofProtocols.get(deployments) ?? learnTokens(protocols, deployments);
  ofProtocols.set(deployments, tokens);
  return tokens;
}

/** The first row that tells a token's decimals wins. */
function learnTokens(protocols: readonly Protocol[], deployments: readonly Deployment[]): ReadonlyMap<AssetId, KnownToken> {
  const learned = new Map<AssetId, KnownToken>();
  for (const deployment of deployments) {
    const protocol = protocols.find((entry) => entry.id === deployment.protocol);
    for (const known of protocol?.listTokens?.(deployment) ?? []) {
      const asset = erc20(deployment.chain, known.token);
      const old = learned.get(asset);
      if (old === undefined || (old.decimals === null && known.decimals !== null)) learned.set(asset, known);
    }
  }
  return learned;
}
