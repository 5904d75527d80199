import { createHash } from 'node:crypto';
import { SHARD_COUNT } from './leases.ts';

/** The shard of an owner, or of any other name: what the generated columns of the schema compute. */
export function shardOf(name: string): number {
  return (createHash('md5').update(name).digest()[0] ?? 0) % SHARD_COUNT;
}
