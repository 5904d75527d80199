/** Process exit codes (interfaces.md). */
export const EXIT = { ok: 0, bug: 1, usage: 2, incomplete: 3, unreachable: 4, refused: 5 } as const;
