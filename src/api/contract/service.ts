import * as z from 'zod';
import { named } from './shapes.ts';

/** That the process lives. */
export const liveness = named('Liveness', z.strictObject({ status: z.literal('ok') }));

/** Whether requests should come here. */
export const readiness = named(
  'Readiness',
  z.strictObject({
    status: z.enum(['ready', 'not-ready']),
    reasons: z.array(z.string()).describe('Why not; empty where it is ready'),
    checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), note: z.string() })),
  }),
);
