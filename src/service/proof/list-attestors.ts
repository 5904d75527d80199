import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import { pathText } from '../../core/json.ts';
import { readText } from './private-file.ts';

const fileSchema = z.strictObject({
  schema: z.literal('plimsoll/attestors@1'),
  attestors: z.array(
    z.strictObject({
      name: z.string().min(1).max(100),
      kind: z.enum(['eddsa', 'secp256k1']),
      id: z.string().regex(/^(?:[0-9]{1,78}|0x[0-9a-f]{40})$/, 'expected an id as "plimsoll attestor show" prints it'),
      class: z.enum(['dev', 'production']),
    }),
  ),
});

/** An attestor with the name that an operator gives it. */
export type ListedAttestor = z.infer<typeof fileSchema>['attestors'][number];

/** Lists the attestors that a file names; none without a file. @throws {InvalidFile} naming the field */
export async function listAttestors(path: string | null): Promise<readonly ListedAttestor[]> {
  if (path === null) return [];
  const parsed = fileSchema.safeParse(parse(path, await readText(path)));
  if (parsed.success) return parsed.data.attestors;
  const [issue] = parsed.error.issues;
  throw new InvalidFile(`${path} does not name attestors: ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}.`, { file: path });
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidFile(`${path} is not JSON.`, { file: path });
  }
}
