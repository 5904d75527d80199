import { integerOf, textOf, textsOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** A market of the book: what its accounts share, in its rule's form. */
export interface BookMarket {
  /** The market and the form of its state: positions refer to places in it, so that a state of another form gets another key. */
  readonly key: string;
  readonly deployment: string;
  /** The protocol's own id. */
  readonly market: string;
  readonly label: string;
  readonly rule: string;
  /** As JSON: bigints as decimal strings. The rule's marketSchema reads it. */
  readonly state: unknown;
  /** Whether a chain was asked, or only the subgraph's rows. */
  readonly source: 'rows' | 'chain';
  /** Somebody with an account there: the market is read through one. */
  readonly witness: string;
  /** What the state lacks, in words. */
  readonly missing: readonly string[];
  /** The block, and its unix second, that the state is of. */
  readonly block: bigint;
  readonly at: bigint;
}

const COLUMNS = 'key, deployment, market, label, rule, state, source, witness, missing, block::text as block, at::text as at';

/** Writes market states; an older one than the stored changes nothing. */
export async function saveMarkets(queries: Queries, markets: readonly BookMarket[]): Promise<void> {
  if (markets.length === 0) return;
  await queries.query(
    `insert into plimsoll.markets as known (${COLUMNS.replaceAll(/::text as \w+/g, '')})
     select key, deployment, market, label, rule, state, source, witness, missing, block, at
     from jsonb_to_recordset($1::jsonb) as r (key text, deployment text, market text, label text, rule text, state jsonb, source text, witness text, missing jsonb, block int8, at int8)
     order by key
     on conflict (key) do update set label = excluded.label, state = excluded.state, source = excluded.source, witness = excluded.witness, missing = excluded.missing, block = excluded.block,
       at = excluded.at, changed = pg_current_xact_id()
     where excluded.at >= known.at`,
    [JSON.stringify(markets.map((market) => ({ ...market, block: market.block.toString(), at: market.at.toString() })))],
  );
}

/** The markets of some deployments, or all, by key. */
export async function listMarkets(queries: Queries, deployments: readonly string[] | null = null): Promise<readonly BookMarket[]> {
  const rows = await queries.query(`select ${COLUMNS} from plimsoll.markets where $1::text[] is null or deployment = any($1::text[]) order by key`, [deployments]);
  return rows.map(readMarket);
}

/** A market without its state. */
export type MarketHead = Pick<BookMarket, 'key' | 'deployment' | 'rule' | 'at'>;

/** Every market without its state, by key. */
export async function listMarketHeads(queries: Queries): Promise<readonly MarketHead[]> {
  const rows = await queries.query('select key, deployment, rule, at::text as at from plimsoll.markets order by key');
  return rows.map((row) => ({ key: textOf(row, 'key'), deployment: textOf(row, 'deployment'), rule: textOf(row, 'rule'), at: integerOf(row, 'at') }));
}

/** The markets of some keys, by key; one that is no more is left out. */
export async function findMarkets(queries: Queries, keys: readonly string[]): Promise<readonly BookMarket[]> {
  if (keys.length === 0) return [];
  const rows = await queries.query(`select ${COLUMNS} from plimsoll.markets where key = any($1::text[]) order by key`, [keys]);
  return rows.map(readMarket);
}

/** The assets that the states of all markets name, by id. */
export async function listBookAssets(queries: Queries): Promise<readonly string[]> {
  const rows = await queries.query(`select distinct found[1] as asset from plimsoll.markets, regexp_matches(state::text, 'eip155:[1-9][0-9]{0,15}/erc20:0x[0-9a-f]{40}', 'g') as found order by asset`);
  return rows.map((row) => textOf(row, 'asset'));
}

/** Deletes the markets of a deployment that no account refers to any more, gone accounts apart. @returns their keys */
export async function deleteUnusedMarkets(queries: Queries, deployment: string): Promise<readonly string[]> {
  const rows = await queries.query(
    `delete from plimsoll.markets m where deployment = $1 and not exists (select 1 from plimsoll.accounts a where a.market_key = m.key and a.position is not null) returning key`,
    [deployment],
  );
  return rows.map((row) => textOf(row, 'key'));
}

/** Reads the columns of a market. */
export function readMarket(row: SqlRow): BookMarket {
  return {
    key: textOf(row, 'key'),
    deployment: textOf(row, 'deployment'),
    market: textOf(row, 'market'),
    label: textOf(row, 'label'),
    rule: textOf(row, 'rule'),
    state: row['state'],
    source: textOf(row, 'source') === 'chain' ? 'chain' : 'rows',
    witness: textOf(row, 'witness'),
    missing: textsOf(row, 'missing'),
    block: integerOf(row, 'block'),
    at: integerOf(row, 'at'),
  };
}
