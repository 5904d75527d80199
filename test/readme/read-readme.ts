import { readFileSync } from 'node:fs';

/** A fenced block: its language and its text. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
}

/** A command that a reader may copy. */
export interface ShownCommand {
  readonly command: string;
  readonly place: 'block' | 'text';
  readonly line: number;
}

/** The README as it stands. */
export const README: string = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const FENCE = /^ *```(.*)$/;
const COMMAND = /^(?:npm|npx|node|plimsoll|openssl|docker|curl|git|sh|bash) /;
/** `<command>` and the like: a form to be filled in, not a command. */
const PLACEHOLDER = /<[a-z]|…/;

/** Every fenced block, in order. */
export function listBlocks(markdown: string): readonly Block[] {
  return split(markdown).blocks;
}

/**
 * Every complete command: each line of each `sh` block, and what stands between backticks, or is indented as code, and begins as a command does.
 *
 * A `$` or `\` at the place where a shell reads them is left as it is: lines that go on are joined, comments are dropped.
 */
export function listCommands(markdown: string): readonly ShownCommand[] {
  const { blocks, prose } = split(markdown);
  const inBlocks = blocks.filter((block) => block.language === 'sh').flatMap((block) => linesOf(block));
  const inText = prose.flatMap(({ text, line }) =>
    [...text.matchAll(/`([^`]+)`/g), ...text.matchAll(/^ {4,}(\S.*)$/g)]
      .map(([, code = '']) => code.trim())
      .filter((code) => COMMAND.test(code) && !PLACEHOLDER.test(code))
      .map((command): ShownCommand => ({ command, place: 'text', line })),
  );
  return [...inBlocks, ...inText];
}

function linesOf({ text, line }: Block): readonly ShownCommand[] {
  const commands: ShownCommand[] = [];
  let begun = '';
  for (const [offset, written] of text.split('\n').entries()) {
    const whole = `${begun}${written.trim()}`;
    begun = whole.endsWith('\\') ? whole.slice(0, -1) : '';
    if (begun !== '' || whole === '' || whole.startsWith('#')) continue;
    commands.push({ command: whole, place: 'block', line: line + offset });
  }
  return commands;
}

function split(markdown: string): { readonly blocks: readonly Block[]; readonly prose: readonly { readonly text: string; readonly line: number }[] } {
  const blocks: Block[] = [];
  const prose: { text: string; line: number }[] = [];
  let open: { language: string; lines: string[]; line: number } | null = null;
  for (const [at, text] of markdown.split('\n').entries()) {
    const fence = FENCE.exec(text);
    if (fence === null) {
      if (open === null) prose.push({ text, line: at + 1 });
      else open.lines.push(text);
    } else if (open === null) open = { language: (fence[1] ?? '').trim(), lines: [], line: at + 2 };
    else {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = null;
    }
  }
  return { blocks, prose };
}
