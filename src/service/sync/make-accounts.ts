import { PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { BlockRef } from '../../core/source.ts';
import { type BookAccountDraft, replaceAccounts } from '../../store/book-accounts.ts';
import { deleteUnusedMarkets } from '../../store/book-markets.ts';
import { holdLease, type Lease, renewLease } from '../../store/leases.ts';
import { listPendingOwners, listWitnesses } from '../../store/mirror-rows.ts';
import { draftAccounts, listOwnersNear, valueOwners } from './draft-accounts.ts';
import { findNearOwners, nearLimit } from './near-owners.ts';
import { createMarketReader, type MarketReader } from './read-markets.ts';
import type { RoundMemory } from './round-memory.ts';
import { SYNC_LEASE } from './sync-lease.ts';
import { isStopped, type MirroredDeployment, type SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/** Owners whose accounts are made together. */
const OWNERS_AT_ONCE = 500;
/** Owners whose values are refreshed together. */
const REFRESHED_AT_ONCE = 100;
/** Owners whose values are refreshed in one round, the nearest first: a chain answers for them within a block's time. */
const MOST_REFRESHED = 200;

/** What making accounts needs beside the deployment. `block` has its hash where there is a chain. */
export interface AccountsContext {
  readonly block: BlockRef;
  readonly lease: Lease;
  readonly tally: Tally;
  readonly memory: RoundMemory;
}

/**
 * Makes the accounts of every owner whose rows changed, in batches that are kept each as a whole, and brings every market's state to the
 * block. Accounts near their threshold are valued by the chain where there is one: those that were made, then those that the markets brought near.
 *
 * @returns false where the signal came first
 * @throws {PlimsollError} LEASE_LOST; where the chain fails, the owners stay pending
 */
export async function makeAccounts(options: SyncOptions, mirrored: MirroredDeployment, context: AccountsContext): Promise<boolean> {
  const reader = createMarketReader(options, mirrored, context.block);
  const id = mirrored.deployment.id;
  const valued = new Set<Address>();
  await reader.readAll();
  let made = 0;
  for (;;) {
    if (isStopped(options)) return false;
    const owners = (await listPendingOwners(options.database, id, OWNERS_AT_ONCE)) as Address[];
    if (owners.length === 0) break;
    await reader.readFor(owners);
    await requireMarket(options, mirrored, reader, owners);
    const judged = await draftAccounts(options, mirrored, reader, { owners, block: context.block });
    const near = listOwnersNear(judged, nearLimit(options));
    const drafts = await valueOwners(options, mirrored, reader, { ...context, owners: near, drafts: judged.map(({ draft }) => draft) });
    await replace(options, mirrored, context, owners, drafts);
    for (const owner of near) valued.add(owner);
    context.memory.noteChanged(owners);
    made += owners.length;
    options.notify({ deployment: id, kind: 'accounts', made });
  }
  await deleteUnusedMarkets(options.database, id);
  return refreshNear(options, mirrored, reader, { ...context, valued });
}

/**
 * Has the chain value the owners near their threshold whose rows did not change: their markets did. Once for each block, and no more of them than a
 * round has time for.
 *
 * @returns false where the signal came first
 * @throws {PlimsollError} LEASE_LOST, SOURCE_*; what was valued before stays
 */
async function refreshNear(options: SyncOptions, mirrored: MirroredDeployment, reader: MarketReader, context: AccountsContext & { readonly valued: ReadonlySet<Address> }): Promise<boolean> {
  const { block, memory, valued } = context;
  if (!options.reader.chains.has(mirrored.deployment.chain) || block.hash === null || memory.refreshedAt === block.hash) return true;
  const near = (await findNearOwners(options, mirrored, reader, context))?.filter((owner) => !valued.has(owner));
  if (near === undefined) return false;
  const chosen = near.slice(0, MOST_REFRESHED);
  for (let at = 0; at < chosen.length; at += REFRESHED_AT_ONCE) {
    if (isStopped(options)) return false;
    const owners = chosen.slice(at, at + REFRESHED_AT_ONCE);
    await reader.readFor(owners);
    const judged = await draftAccounts(options, mirrored, reader, { owners, block });
    await replace(options, mirrored, context, owners, await valueOwners(options, mirrored, reader, { ...context, owners, drafts: judged.map(({ draft }) => draft) }));
    options.notify({ deployment: mirrored.deployment.id, kind: 'near', refreshed: at + owners.length, near: near.length });
  }
  memory.refreshedAt = block.hash;
  return true;
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
    await renewLease(transaction, lease, SYNC_LEASE.seconds);
    return replaceAccounts(transaction, { deployment: deployment.id, owners, accounts, block: block.number, at: block.timestamp });
  });
}
