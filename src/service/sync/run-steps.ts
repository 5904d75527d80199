import { createHash } from 'node:crypto';
import type { Mirror, MirrorChanges, MirrorQuery } from '../../protocols/protocol.ts';

/**
 * One read of a run: everything of a kind (`whole`, which finds what vanished too), what changed since a block (`changed`), or once more
 * those rows that this mirror saw changing after it (`again`), since a reorganisation may have changed them back, which dates nothing. Before
 * the first read of all, what changed of late (`recent`) is read, so that the mirror saw it.
 */
export type Step =
  | { readonly kind: 'whole'; readonly query: MirrorQuery }
  | { readonly kind: 'changed' | 'recent'; readonly query: MirrorQuery; readonly changes: MirrorChanges }
  | { readonly kind: 'again'; readonly query: MirrorQuery; readonly operation: string };

/** Operations that an endpoint turned out not to have. */
export type Unsupported = ReadonlySet<string>;

/** What decides about the reads of a run. */
export interface StepChoice {
  readonly mode: 'full' | 'changes';
  readonly unsupported: Unsupported;
  /** Whether nothing was read before and no chain can tell which blocks are on it. */
  readonly isUnvouchedFirst: boolean;
}

/** The reads of a run, in order. */
export function planSteps(mirror: Mirror, { mode, unsupported, isUnvouchedFirst }: StepChoice): readonly Step[] {
  if (mode === 'full') {
    const recent = mirror.queries.flatMap((query): Step[] => {
      const changes = findChanges(query, unsupported);
      return changes === null || !isUnvouchedFirst ? [] : [{ kind: 'recent', query, changes }];
    });
    return [...recent, ...mirror.queries.map((query): Step => ({ kind: 'whole', query }))];
  }
  const again = mirror.queries.flatMap((query): Step[] => {
    return query.byId === null || findChanges(query, unsupported) === null ? [] : [{ kind: 'again', query, operation: query.byId }];
  });
  const changed = mirror.queries.map((query): Step => {
    const changes = findChanges(query, unsupported);
    return changes === null ? { kind: 'whole', query } : { kind: 'changed', query, changes };
  });
  return [...again, ...changed];
}

/** Identifies the reads of a run: one that was begun under other reads cannot be gone on with. */
export function planName(mode: 'full' | 'changes', steps: readonly Step[]): string {
  const reads = steps.map((step) => [step.kind, step.query.name, operationOf(step), step.query.variables]);
  return `${mode}:${createHash('sha256').update(JSON.stringify(reads)).digest('hex').slice(0, 16)}`;
}

/** The operation that a step reads with. */
export function operationOf(step: Step): string {
  switch (step.kind) {
    case 'whole':
      return step.query.operation;
    case 'changed':
    case 'recent':
      return step.changes.operation;
    case 'again':
      return step.operation;
  }
}

function findChanges(query: MirrorQuery, unsupported: Unsupported): MirrorChanges | null {
  return query.byId === null ? null : (query.changes.find((changes) => !unsupported.has(changes.operation)) ?? null);
}
