import { Decimal } from '../../core/decimal.ts';
import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { BlockRef } from '../../core/source.ts';
import type { MirroredPosition, Normalized } from '../../protocols/protocol.ts';
import { type BookAccountDraft, replaceAccounts } from '../../store/book-accounts.ts';
import { deleteUnusedMarkets } from '../../store/book-markets.ts';
import { holdLease, type Lease, renewLease } from '../../store/leases.ts';
import { listPendingOwners, listWitnesses } from '../../store/mirror-rows.ts';
import { createMarketReader, type MarketReader, unreadKey } from './read-markets.ts';
import { LEASE_SECONDS } from './read-pages.ts';
import { isStopped, type MirroredDeployment, type SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/** Owners whose accounts are made together. */
const OWNERS_AT_ONCE = 500;
/** Owners whose accounts the chain is asked about together. */
const VALUED_AT_ONCE = 20;
const DEFAULT_NEAR_HEALTH = '1.1';

/** What making accounts needs beside the deployment. `block` has its hash where there is a chain. */
export interface AccountsContext {
  readonly block: BlockRef;
  readonly lease: Lease;
  readonly tally: Tally;
}

/**
 * Makes the accounts of every owner whose rows changed, in batches that are kept each as a whole, and brings every market's state to the
 * block. Accounts near their threshold are valued by the chain where there is one.
 *
 * @returns false where the signal came first
 * @throws {PlimsollError} LEASE_LOST; where the chain fails, the owners stay pending
 */
export async function makeAccounts(options: SyncOptions, mirrored: MirroredDeployment, context: AccountsContext): Promise<boolean> {
  const reader = createMarketReader(options, mirrored, context.block);
  const id = mirrored.deployment.id;
  await reader.readAll();
  let made = 0;
  for (;;) {
    if (isStopped(options)) return false;
    const owners = (await listPendingOwners(options.database, id, OWNERS_AT_ONCE)) as Address[];
    if (owners.length === 0) break;
    await reader.readFor(owners);
    await requireMarket(options, mirrored, reader, owners);
    const drafts = await draftAccounts(options, mirrored, reader, { owners, block: context.block });
    const near = ownersNear(drafts, options.nearHealth ?? DEFAULT_NEAR_HEALTH);
    const valued = await valueOwners(options, mirrored, reader, { ...context, owners: near, drafts: drafts.map(({ draft }) => draft) });
    await replace(options, mirrored, context, owners, valued);
    made += owners.length;
    options.notify({ deployment: id, kind: 'accounts', made });
  }
  await deleteUnusedMarkets(options.database, id);
  return true;
}

/**
 * Values the accounts of some owners at the chain's newest block, whatever the mirror says of them: for accounts near their threshold,
 * between two synchronisations.
 *
 * @throws {PlimsollError} NOT_CONFIGURED where there is no chain; LEASE_LOST; SOURCE_*
 */
export async function refreshAccounts(options: SyncOptions, mirrored: MirroredDeployment, owners: readonly Address[], { lease, tally }: Omit<AccountsContext, 'block'>): Promise<void> {
  const chain = options.reader.chains.get(mirrored.deployment.chain);
  if (chain === undefined)
    throw new PlimsollError('NOT_CONFIGURED', `${mirrored.deployment.label}: accounts can only be refreshed from a chain. Set RPC_URL_${mirrored.deployment.chain.slice('eip155:'.length)}.`);
  const block = await chain.fetchHead('latest');
  const reader = createMarketReader(options, mirrored, block);
  await reader.readFor(owners);
  const drafts = await draftAccounts(options, mirrored, reader, { owners, block });
  const context = { block, lease, tally };
  const valued = await valueOwners(options, mirrored, reader, { ...context, owners, drafts: drafts.map(({ draft }) => draft) });
  await replace(options, mirrored, context, owners, valued);
}

/** A draft with the protocol's own health; null where there is no debt, or no value. */
interface Judged {
  readonly draft: BookAccountDraft;
  readonly health: Decimal | null;
  readonly liquidatable: boolean;
}

async function draftAccounts(
  options: SyncOptions,
  mirrored: MirroredDeployment,
  reader: MarketReader,
  { owners, block }: { readonly owners: readonly string[]; readonly block: BlockRef },
): Promise<readonly Judged[]> {
  const rows = await reader.rowsOf(owners);
  const markets = new Map([...reader.read].map(([market, { state }]) => [market, state]));
  const positions = mirrored.mirror.listPositions({ deployment: mirrored.deployment, block, rows, markets });
  return positions.map((position) => judge(options, mirrored, reader, { position, block }));
}

function judge(options: SyncOptions, { deployment }: MirroredDeployment, reader: MarketReader, { position, block }: { readonly position: MirroredPosition; readonly block: BlockRef }): Judged {
  const market = reader.read.get(position.market);
  const common = { id: position.id, deployment: deployment.id, owner: position.owner, position: encodeJson(position.position), source: 'rows' as const, block: block.number, at: block.timestamp };
  const unvalued = (marketKey: string, obstacle: string): Judged => ({ draft: { ...common, marketKey, precision: 'estimate', missing: [], obstacle }, health: null, liquidatable: false });
  if (market === undefined) return unvalued(unreadKey(deployment.id, position.market), 'The state of its market could not be read.');
  const { key, rule: ruleId, source, missing } = market.record;
  const rule = options.reader.findRule(ruleId);
  if (rule === undefined) return unvalued(key, `This release has no rule ${ruleId}.`);
  try {
    const { healthFactor, liquidatable } = rule.health({ market: market.state, position: position.position, at: block.timestamp });
    const precision = source === 'chain' ? 'accrued' : 'estimate';
    return { draft: { ...common, marketKey: key, precision, missing, obstacle: null }, health: healthFactor, liquidatable };
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return unvalued(key, error.message);
  }
}

/** Owners with an account near its threshold, or one that only the chain may be able to value. */
function ownersNear(judged: readonly Judged[], nearHealth: string): readonly Address[] {
  const limit = new Decimal(nearHealth);
  const near = judged.filter(({ draft, health, liquidatable }) => liquidatable || draft.obstacle !== null || health?.lt(limit) === true);
  return [...new Set(near.map(({ draft }) => draft.owner as Address))];
}

interface Valuation extends AccountsContext {
  readonly owners: readonly Address[];
  readonly drafts: readonly BookAccountDraft[];
}

/** Drafts with those of some owners replaced by what the chain says. Without a chain they stay as they are. */
async function valueOwners(options: SyncOptions, mirrored: MirroredDeployment, reader: MarketReader, { owners, drafts, block, tally }: Valuation): Promise<readonly BookAccountDraft[]> {
  if (!options.reader.chains.has(mirrored.deployment.chain) || block.hash === null) return drafts;
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  for (let at = 0; at < owners.length; at += VALUED_AT_ONCE) {
    const some = owners.slice(at, at + VALUED_AT_ONCE);
    const normalized = await reader.normalize(some, await reader.rowsOf(some));
    for (const id of [...byId].filter(([, draft]) => some.includes(draft.owner as Address)).map(([key]) => key)) settle(byId, id, normalized);
    for (const draft of exactDrafts(mirrored, reader, normalized, block)) byId.set(draft.id, draft);
    tally.valued += some.length;
  }
  return [...byId.values()];
}

/** An account that the chain does not show is no more; one that it could not value says why. */
function settle(byId: Map<string, BookAccountDraft>, id: string, { gaps }: Normalized): void {
  const gap: Gap | undefined = gaps.find((candidate) => candidate.account === id);
  const draft = byId.get(id);
  if (gap === undefined || draft === undefined) byId.delete(id);
  else byId.set(id, { ...draft, obstacle: gap.message });
}

function exactDrafts({ deployment }: MirroredDeployment, reader: MarketReader, normalized: Normalized, block: BlockRef): readonly BookAccountDraft[] {
  const marketOf = new Map(normalized.markets.map((market) => [market.id, market.market]));
  return normalized.accounts.map((account) => {
    const market = marketOf.get(account.market) ?? '';
    return {
      id: account.id,
      deployment: deployment.id,
      owner: account.owner,
      marketKey: reader.read.get(market)?.record.key ?? unreadKey(deployment.id, market),
      position: encodeJson(account.position),
      precision: account.precision,
      missing: account.missing,
      obstacle: null,
      source: 'chain',
      block: block.number,
      at: block.timestamp,
    };
  });
}

/** Where a deployment is one market and that cannot be read, positions mean nothing: the owners stay pending. */
async function requireMarket(options: SyncOptions, { deployment }: MirroredDeployment, reader: MarketReader, owners: readonly Address[]): Promise<void> {
  if (deployment.market === '' || reader.read.has(deployment.market)) return;
  if ((await listWitnesses(options.database, deployment.id, owners, 1)).length === 0) return;
  throw new PlimsollError('UNKNOWN_MARKET', `${deployment.label}: nobody's account there could be valued, so its state is not known. What changed is kept until it is.`);
}

async function replace(
  options: SyncOptions,
  { deployment }: MirroredDeployment,
  { block, lease, tally }: AccountsContext,
  owners: readonly string[],
  accounts: readonly BookAccountDraft[],
): Promise<void> {
  tally.accountsChanged += await options.database.transaction(async (transaction) => {
    await holdLease(transaction, lease);
    await renewLease(transaction, lease, LEASE_SECONDS);
    return replaceAccounts(transaction, { deployment: deployment.id, owners, accounts, block: block.number, at: block.timestamp });
  });
}
