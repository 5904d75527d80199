import { isPlimsollError } from '../../core/errors.ts';
import type { ChainSource } from '../../core/source.ts';
import type { MirrorBlock } from '../../store/mirrors.ts';
import type { MirroredDeployment, SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/**
 * Whether a block is still there: `settled` where the chain itself says so, `known` where only the subgraph does, which may answer for a
 * block that was reorganised away.
 *
 * @source graphprotocol/graph-node@f27eb5f store/postgres/src/query_store.rs: a hash is looked up among all blocks that were seen
 */
export type BlockVerdict = 'settled' | 'known' | 'gone';

/** Judges a block by the chain where there is one, else by the subgraph. */
export async function judgeBlock(options: SyncOptions, { deployment, endpoint }: MirroredDeployment, block: MirrorBlock, tally: Tally): Promise<BlockVerdict> {
  if (block.hash === null) return 'gone';
  const onChain = await findOnChain(options.reader.chains.get(deployment.chain) ?? null, block);
  if (onChain !== null) return onChain ? 'settled' : 'gone';
  tally.requests += 1;
  return (await options.reader.graph.hasBlock(endpoint, { number: block.number, hash: block.hash })) ? 'known' : 'gone';
}

/** Null where there is no chain, or it does not answer. */
async function findOnChain(chain: ChainSource | null, block: MirrorBlock): Promise<boolean | null> {
  if (chain === null) return null;
  try {
    return (await chain.fetchBlock(block.number)).hash === block.hash;
  } catch (error) {
    if (isPlimsollError(error, 'BLOCK_GONE')) return false;
    if (isPlimsollError(error)) return null;
    throw error;
  }
}

/** A newest block that is on the chain, and how sure that is; null where none of them is left. */
export interface CommonBlock {
  readonly block: MirrorBlock;
  readonly verdict: BlockVerdict;
  /** Whether blocks above it vanished. */
  readonly isRollback: boolean;
}

/**
 * Finds the newest block at which the mirror was whole and that is still on the chain. Steps back in doubling strides: to go back further
 * than needed costs some rows, to ask for every block costs as many requests.
 */
export async function findCommonBlock(options: SyncOptions, mirrored: MirroredDeployment, blocks: readonly MirrorBlock[], tally: Tally): Promise<CommonBlock | null> {
  for (let at = 0; at < blocks.length; at = 2 * at + 1) {
    const block = blocks[at];
    const verdict = block === undefined ? 'gone' : await judgeBlock(options, mirrored, block, tally);
    if (block !== undefined && verdict !== 'gone') return { block, verdict, isRollback: at > 0 };
  }
  return null;
}
