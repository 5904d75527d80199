import { readdir, readFile } from 'node:fs/promises';
import * as z from 'zod';
import { InvalidFile } from '../core/errors.ts';
import { type AssetId, type ChainId, parseChain } from '../core/ids.ts';
import { assetIdText, pathText } from '../core/json.ts';
import { SUBGRAPHS_ROOT } from './documents.ts';

/** Folder of the liquidity that the package ships. */
export const LIQUIDITY_ROOT: URL = new URL('liquidity/', SUBGRAPHS_ROOT);

/** What a size lost against the best rate of its time. */
export interface RecordedImpact {
  /** Whole tokens sold. */
  readonly size: number;
  /** Share lost, median and greatest of the quotes. */
  readonly impact: number;
  readonly worst: number;
}

/** Recorded loss by size of one direction. */
export interface RecordedLiquidity {
  readonly chain: ChainId;
  readonly from: AssetId;
  readonly to: AssetId;
  readonly fromSymbol: string;
  readonly toSymbol: string;
  /** Sizes ascend; nothing is known beyond the last. */
  readonly points: readonly RecordedImpact[];
  /** Tokens of `to` per token of `from` at the time; null where none was recorded. */
  readonly rate: number | null;
  /** Where it was read, in words. */
  readonly source: string;
  /** Unix seconds. */
  readonly observedAt: number;
}

const share = z.number().min(0).lt(1);
const point = z.tuple([z.number().positive(), share, share]);
const curve = z.strictObject({
  from: z.string(),
  to: z.string(),
  rate: z.number().positive().nullable(),
  observedAt: z.int().min(0),
  points: z
    .array(point)
    .min(1)
    .refine((points) => points.every(([size], at) => size > (points[at - 1]?.[0] ?? 0)), 'expected ascending sizes'),
});
const document = z.strictObject({
  format: z.literal('plimsoll/liquidity@1'),
  chain: z.string(),
  source: z.string().min(1).max(200),
  tokens: z.record(z.string(), assetIdText),
  curves: z.array(curve),
});

/**
 * Reads every recorded curve of a folder: all JSON files in it, by name.
 *
 * @throws {InvalidFile} where a file is not in its form, or names a symbol that its table does not have
 * @example
 * ```ts
 * const curves = await readRecordedLiquidity();
 * curves.find((entry) => entry.fromSymbol === 'WETH' && entry.toSymbol === 'USDC')?.observedAt; // 1700497010
 * ```
 */
export async function readRecordedLiquidity(folder: URL = LIQUIDITY_ROOT): Promise<readonly RecordedLiquidity[]> {
  let names: readonly string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
  } catch (cause) {
    throw new InvalidFile('The folder of recorded liquidity cannot be read. Install the package again.', {}, { cause });
  }
  const files = await Promise.all(names.map(async (name) => parseLiquidity(await readFile(new URL(name, folder), 'utf8'), name)));
  return files.flat();
}

/** Reads one document of recorded curves; `name` is what an error calls it. @throws {InvalidFile} */
export function parseLiquidity(text: string, name: string): readonly RecordedLiquidity[] {
  const parsed = document.safeParse(parseJson(text, name));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidFile(`${name} is not recorded liquidity: ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}.`, { file: name });
  }
  const { chain, source, tokens, curves } = parsed.data;
  const assetOf = (symbol: string): AssetId => {
    const asset = tokens[symbol];
    if (asset === undefined) throw new InvalidFile(`${name} has a curve of "${symbol}", which its table of tokens does not name.`, { file: name, symbol });
    return asset;
  };
  return curves.map((entry) => ({
    chain: parseChain(chain),
    from: assetOf(entry.from),
    to: assetOf(entry.to),
    fromSymbol: entry.from,
    toSymbol: entry.to,
    points: entry.points.map(([size, impact, worst]) => ({ size, impact, worst })),
    rate: entry.rate,
    source,
    observedAt: entry.observedAt,
  }));
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidFile(`${name} is not JSON.`, { file: name }, { cause });
  }
}
