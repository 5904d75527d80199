import { Decimal } from '../../core/decimal.ts';
import { isPlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { MarketAt, Rule } from '../../core/rule.ts';
import type { BlockRef } from '../../core/source.ts';
import { prepareMarket } from '../../engine/prepare-market.ts';
import { type AccountScope, type BookAccount, listAccounts } from '../../store/book-accounts.ts';
import type { MarketReader } from './read-markets.ts';
import type { RoundMemory } from './round-memory.ts';
import { isStopped, type MirroredDeployment, type SyncOptions } from './sync-options.ts';

const DEFAULT_NEAR_HEALTH = '1.1';
/** Accounts that are read at once. */
const PAGE = 5_000;
/** Owners whose accounts are asked for at once. */
const OWNERS_AT_ONCE = 500;
/** Seconds after which everybody is looked at again, */
const EVERYBODY_SECONDS = 60;
/** unless that takes so long that it would be more than one part in so many of the time. */
const MOST_SHARE = 20;
/** Between two looks at everybody, those are looked at whose health was below the limit times this: prices seldom fall further meanwhile. */
const WIDER = '1.25';

/** The native health below which an account counts as near its threshold. */
export function nearLimit({ nearHealth }: Pick<SyncOptions, 'nearHealth'>): Decimal {
  return new Decimal(nearHealth ?? DEFAULT_NEAR_HEALTH);
}

/**
 * Finds the owners with an account near its threshold in the markets as they are at a block, whether or not their rows changed. Those whose
 * market was not read or who have an obstacle are left out: they are made again by other means.
 *
 * @returns the owner whose account is nearest to its threshold first, on either side of it; null where the signal came first
 */
export async function findNearOwners(
  options: SyncOptions,
  { deployment }: MirroredDeployment,
  reader: MarketReader,
  { block, memory }: { readonly block: BlockRef; readonly memory: RoundMemory },
): Promise<readonly Address[] | null> {
  const distances = new Map<Address, number>();
  const limit = nearLimit(options);
  const wider = limit.mul(WIDER);
  const judge = createJudge(options, reader, block.timestamp);
  const isEverybody = isEverybodyDue(memory, block.timestamp);
  const began = options.clock.now();
  const scopes = isEverybody ? [{ deployments: [deployment.id] }] : inParts([...memory.candidates]).map((owners) => ({ deployments: [deployment.id], owners }));
  const candidates = new Set<string>();
  for (const scope of scopes) {
    for await (const page of pagesOf(options, scope)) {
      if (isStopped(options)) return null;
      for (const account of page) {
        const health = judge(account);
        if (health === null || health.gte(wider)) continue;
        candidates.add(account.owner);
        const owner = account.owner as Address;
        if (health.lt(limit)) distances.set(owner, Math.min(distances.get(owner) ?? Infinity, health.minus(1).abs().toNumber()));
      }
    }
  }
  memory.candidates = candidates;
  if (isEverybody) memory.everybody = { at: block.timestamp, seconds: (options.clock.now() - began) / 1_000 };
  return [...distances].toSorted(([, a], [, b]) => a - b).map(([owner]) => owner);
}

function isEverybodyDue({ everybody }: RoundMemory, now: bigint): boolean {
  if (everybody === null || now < everybody.at) return true;
  return Number(now - everybody.at) >= Math.max(EVERYBODY_SECONDS, MOST_SHARE * everybody.seconds);
}

/** The native health of a stored account in the markets that were read; null where it has none. What its rule refuses counts as at its threshold: the chain may know better. */
function createJudge({ reader: { findRule } }: SyncOptions, { read }: MarketReader, at: bigint): (account: BookAccount) => Decimal | null {
  const atThreshold = new Decimal(1);
  const markets = new Map<string, { readonly rule: Rule; readonly at: MarketAt<unknown> }>();
  for (const { record, state } of read.values()) {
    const rule = findRule(record.rule);
    if (rule !== undefined) markets.set(record.key, { rule, at: prepareMarket({ rule, state }, at) });
  }
  return ({ marketKey, position, obstacle }) => {
    const market = markets.get(marketKey);
    if (market === undefined || obstacle !== null) return null;
    const parsed = market.rule.positionSchema.safeParse(position);
    if (!parsed.success) return atThreshold;
    try {
      const { healthFactor, liquidatable } = market.at.health(parsed.data);
      return healthFactor ?? (liquidatable ? atThreshold : null);
    } catch (error) {
      if (isPlimsollError(error)) return atThreshold;
      throw error;
    }
  };
}

async function* pagesOf({ database }: SyncOptions, scope: AccountScope): AsyncGenerator<readonly BookAccount[]> {
  for (let after = ''; ; ) {
    const page = await listAccounts(database, scope, { after, most: PAGE });
    yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.id ?? '';
  }
}

function inParts(owners: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(owners.length / OWNERS_AT_ONCE) }, (_, at) => owners.slice(at * OWNERS_AT_ONCE, (at + 1) * OWNERS_AT_ONCE));
}
