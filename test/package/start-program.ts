import { spawn } from 'node:child_process';

/** A program that runs until it is ended. */
export interface Program {
  /** Resolves with what a pattern finds in its output. */
  until(pattern: RegExp): Promise<string>;
  /** Interrupts it. @returns its exit code */
  end(): Promise<number | null>;
}

/** Starts Node with nothing configured. */
export function startProgram(args: readonly string[], folder: string): Program {
  const child = spawn(process.execPath, [...args], { cwd: folder, env: { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1' } });
  let output = '';
  const take = (part: Buffer): void => {
    output += part.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found !== null) return found[1] ?? found[0];
        if (child.exitCode !== null) throw new TypeError(`It ended with ${child.exitCode}: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    end() {
      child.kill('SIGINT');
      return ended;
    },
  };
}
