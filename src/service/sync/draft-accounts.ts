import type { Decimal } from '../../core/decimal.ts';
import { isPlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { BlockRef } from '../../core/source.ts';
import type { MirroredPosition, Normalized } from '../../protocols/protocol.ts';
import type { BookAccountDraft } from '../../store/book-accounts.ts';
import { type MarketReader, unreadKey } from './read-markets.ts';
import type { MirroredDeployment, SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/** Owners whom the chain is asked about together. */
const VALUED_AT_ONCE = 20;

/** A draft with the protocol's own health; null where there is no debt, or no value. */
export interface Judged {
  readonly draft: BookAccountDraft;
  readonly health: Decimal | null;
  readonly liquidatable: boolean;
}

/** What the mirror says that some owners have, in the markets that were read. */
export async function draftAccounts(
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
export function listOwnersNear(judged: readonly Judged[], limit: Decimal): readonly Address[] {
  const near = judged.filter(({ draft, health, liquidatable }) => liquidatable || draft.obstacle !== null || health?.lt(limit) === true);
  return [...new Set(near.map(({ draft }) => draft.owner as Address))];
}

/** Whose drafts the chain is asked about. */
export interface Valuation {
  readonly block: BlockRef;
  readonly tally: Tally;
  readonly owners: readonly Address[];
  readonly drafts: readonly BookAccountDraft[];
}

/** Drafts with those of some owners replaced by what the chain says. Without a chain they stay as they are. */
export async function valueOwners(options: SyncOptions, mirrored: MirroredDeployment, reader: MarketReader, { owners, drafts, block, tally }: Valuation): Promise<readonly BookAccountDraft[]> {
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
