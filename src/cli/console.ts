import type { Json } from '../core/json.ts';

/** Where a command writes: results to stdout, progress to stderr. */
export interface Console {
  /** The result: one JSON document with --json, else the text. */
  output(document: Json, text: () => string): void;
  /** A line about what is going on; silent with --quiet. */
  progress(line: string): void;
  /** Sets the exit code of the process. */
  exit(code: number): void;
}

/** The console of the process. `isJson` is asked when something is written, after the flags were read. */
export function createConsole(isJson: () => boolean, isQuiet: () => boolean): Console {
  return {
    output: (document, text) => {
      process.stdout.write(isJson() ? `${JSON.stringify(document, null, 2)}\n` : text());
    },
    progress: (line) => {
      if (!isQuiet()) process.stderr.write(`${line}\n`);
    },
    exit: (code) => {
      process.exitCode = code;
    },
  };
}
