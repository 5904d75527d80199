import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ran, ROOT, run } from './pack.ts';

/** How a project compiles. */
export interface CompilerChoice {
  readonly resolution: 'nodenext' | 'bundler';
  /** Whether the types of Node are there. */
  readonly node: boolean;
  readonly files: readonly string[];
}

/** Compiles files of a project as strictly as there is, the declarations of all packages included. */
export async function typecheck(project: string, { resolution, node, files }: CompilerChoice): Promise<Ran> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2024',
    lib: ['es2024', 'dom'],
    module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution: resolution,
    types: node ? ['node'] : [],
  };
  const config = `tsconfig.${resolution}.${files[0] ?? 'none'}.json`;
  writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files }));
  return run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', config], project);
}
