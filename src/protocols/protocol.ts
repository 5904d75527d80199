import type { ExecutorCheck, ExecutorStep, UnsignedCall } from '../core/call.ts';
import type { Address, AssetId, ChainId } from '../core/ids.ts';
import type { Discrepancy, Gap } from '../core/portfolio.ts';
import type { Precision, Rule, Step } from '../core/rule.ts';
import type { TokenName } from '../core/sentences.ts';
import type { BlockRef, CallResult, ContractCall, GraphDialect, RowQuery } from '../core/source.ts';

export type { UnsignedCall } from '../core/call.ts';

/** One place where a protocol (or a fork of a known family) runs. A fork is a row of this type, not code. */
export interface Deployment {
  /** As in `aave-v3/1/core`: protocol, chain number, market. */
  readonly id: string;
  readonly protocol: string;
  readonly chain: ChainId;
  /** For people: `Aave v3 Ethereum core`. */
  readonly label: string;
  /** The protocol's own id of what is liquidated together: pool or comet address; empty where one deployment has many markets. */
  readonly market: string;
  /** The published subgraph: an id of The Graph's network, or a full URL where it lives elsewhere; null where there is none. */
  readonly subgraph: { readonly dialect: GraphDialect; readonly id: string } | { readonly dialect: GraphDialect; readonly url: string } | null;
  readonly contracts: Readonly<Record<string, Address>>;
  /** The rule that is assumed where no chain endpoint tells the version. */
  readonly assumedRule: string;
  /** Where the row was read, as repository@commit. */
  readonly source: string;
}

/** The rows that discovery found, by query name. */
export type Rows = Readonly<Record<string, readonly unknown[]>>;

/** What an adapter makes of a deployment's rows and calls. */
export interface NormalizeInput {
  readonly deployment: Deployment;
  readonly owners: readonly Address[];
  readonly block: BlockRef;
  readonly rows: Rows;
  /** Answers to the calls that `value` planned; null where no chain endpoint is configured. */
  readonly calls: ReadonlyMap<string, CallResult> | null;
}

/** A market with its state in the rule's own typed form. */
export interface NormalizedMarket {
  /** Unique within the portfolio: the deployment's id, and the market where there are several. */
  readonly id: string;
  readonly market: string;
  readonly label: string;
  readonly rule: string;
  readonly state: unknown;
}

/** An account with its position in the rule's own typed form. */
export interface NormalizedAccount {
  readonly id: string;
  readonly market: string;
  readonly owner: Address;
  readonly position: unknown;
  readonly precision: Precision;
  readonly missing: readonly string[];
}

/** The result of normalizing: plain data, nothing valued yet. */
export interface Normalized {
  readonly markets: readonly NormalizedMarket[];
  readonly accounts: readonly NormalizedAccount[];
  readonly gaps: readonly Gap[];
  readonly discrepancies: readonly Discrepancy[];
}

/** Who acts on which account; states come from an opened Portfolio, targets never do. */
export interface ActionContext {
  readonly deployment: Deployment;
  /** The protocol's own market id, as in the Portfolio's market entry. */
  readonly market: string;
  readonly state: unknown;
  /** The account's position in the rule's typed form: a protocol without an "all" amount needs it for 'max'. */
  readonly position?: unknown;
  readonly owner: Address;
  /** The account that sends the call: the owner, a liquidator, or the owner's executor. */
  readonly sender: Address;
  /** Tokens as sentences name them, by the release rather than by the state; null for those that it does not know. */
  readonly nameOf?: (asset: AssetId) => TokenName | null;
  /** The rule that the market's state was read under; the deployment's assumed one where absent. */
  readonly rule?: string;
  /** What the step costs the sender by the rule's computation, raw units: with it the approval for 'max' is this with head-room, without it unlimited and taken back. */
  readonly paid?: bigint;
  /** What the step brings by the rule's computation, raw units. */
  readonly received?: bigint;
}

/** A token that this release knows by itself. */
export interface KnownToken {
  readonly token: Address;
  readonly symbol: string;
  /** Null where the row does not say. */
  readonly decimals: number | null;
}

/** What an executor's plan must leave behind. */
export interface ExecutorBounds {
  /** The position before the plan, in the rule's typed form. */
  readonly before: unknown;
  /** Unix seconds that the predicted state stands at. */
  readonly at: bigint;
  /** Least health in the protocol's own sense, 1e18. */
  readonly minimumHealth: bigint;
}

/** A row of a mirror: whose it is and which market it is about. */
export interface MirroredPlace {
  /** Null for a row that all accounts share. */
  readonly owner: Address | null;
  /** The protocol's own market id. */
  readonly market: string;
}

/** How a subgraph can be asked for rows that changed; `$since` is a block number or unix seconds. */
export interface MirrorChanges {
  readonly by: 'change-block' | 'update-block' | 'update-time';
  readonly operation: string;
}

/**
 * One kind of rows that a mirror holds, of everybody. The operation itself reads those that hold something; the others read whatever matches. A kind must
 * be an entity whose own fields tell all that is read: a change of a nested one is not a change of its parent.
 */
export interface MirrorQuery extends RowQuery {
  /** What somebody has, or what all accounts share. */
  readonly holds: 'positions' | 'shared';
  /** Reads of what changed (`$since`), the best first: an endpoint may not have all of them. None: the kind is small and read whole each time. */
  readonly changes: readonly MirrorChanges[];
  /** The operation that reads rows by id (`$ids`); null where the kind is read whole each time. */
  readonly byId: string | null;
  /** Where a row as `row` reads it belongs; null where it holds nothing. */
  place(row: unknown): MirroredPlace | null;
}

/** What mirrored rows say that somebody has, against markets that were read before. */
export interface MirroredPosition {
  /** As normalizing names it. */
  readonly id: string;
  readonly owner: Address;
  /** The protocol's own market id. */
  readonly market: string;
  /** In the rule's own form. */
  readonly position: unknown;
}

/** Rows of some owners and those that all share, by query, with the typed states of the markets that were read, by the protocol's own market id. */
export interface MirroredInput {
  readonly deployment: Deployment;
  readonly block: BlockRef;
  readonly rows: Rows;
  readonly markets: ReadonlyMap<string, unknown>;
}

/** How the whole of a deployment is mirrored. */
export interface Mirror {
  readonly queries: readonly MirrorQuery[];
  /** Mirrored rows in the form in which `discover` reads them. */
  join(rows: Rows): Rows;
  /** Positions of the owners in `rows`, in markets that are known. They are the ones that normalizing the same rows finds. */
  listPositions(input: MirroredInput): readonly MirroredPosition[];
  /** What of a typed market state positions refer to by its place, as text: under another layout they mean something else. */
  layoutOf(state: unknown): string;
}

/** How the owner's PlimsollExecutor acts on accounts of a protocol: the sender of the context is the executor, the account is the owner's. */
export interface ExecutorAdapter {
  /** One step as the executor's calls, with the rights that the owner grants for it. @throws {InvalidArgument} where the built-in row does not name what it needs. */
  encodeStep(context: ActionContext, step: Step): ExecutorStep;
  /** What is asserted after the plan; state and position are the predicted ones. */
  encodeChecks(context: ActionContext, bounds: ExecutorBounds): readonly ExecutorCheck[];
}

/**
 * A protocol family: pure planning and normalizing around its rules. The only code that talks to the network are the sources; they
 * run what `discover` and `value` describe. Adding a protocol = one folder under src/protocols with these members, one under subgraphs, one fixture, one
 * line in registry.ts; the contract suite then says what is missing.
 */
export interface Protocol {
  readonly id: string;
  readonly label: string;
  readonly rules: readonly Rule[];
  readonly deployments: readonly Deployment[];
  /** Which rows to read from the subgraph. Owners are lower-case. */
  discover(deployment: Deployment, owners: readonly Address[]): readonly RowQuery[];
  /** How everybody's accounts are mirrored; absent where a deployment can only be read owner by owner. */
  mirror?(deployment: Deployment): Mirror;
  /** Assets whose market price is worth asking for, where the rows alone do not value an account (an oracle that only the chain tells). */
  listAssets?(deployment: Deployment, rows: Rows): readonly AssetId[];
  /** Which contract calls value those rows, all at one block. */
  value(deployment: Deployment, owners: readonly Address[], rows: Rows): readonly ContractCall[];
  /** Rows and answers → markets and accounts. A failing account becomes a gap; nothing is dropped silently. */
  normalize(input: NormalizeInput): Normalized;
  /** One step as calls with their approvals, through the protocol's own ABI, aimed at the deployment's contracts only. */
  encodeStep(context: ActionContext, step: Step): readonly UnsignedCall[];
  /** The same through PlimsollExecutor; absent where nobody but the owner can act (orders). */
  readonly executor?: ExecutorAdapter;
  /** Tokens of a row that this release knows by itself: a document that names others cannot have them approved. */
  listTokens?(deployment: Deployment): readonly KnownToken[];
  /** The contracts' own errors as ABI fragments, to read a failed simulation with. */
  readonly errors?: readonly string[];
}
