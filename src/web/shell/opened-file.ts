/** A Portfolio document that was opened from this machine. It stays in this tab, and goes to no server unless a plan is asked for. */
export interface OpenedFile {
  readonly name: string;
  readonly text: string;
}

let opened: OpenedFile | null = null;

/** Greatest size of a document that is opened, bytes. */
export const MAX_FILE_BYTES = 8_000_000;

/** Holds a document for the view of it. */
export function holdFile(file: OpenedFile): void {
  opened = file;
}

/** The document that was opened last; null after the tab was loaded anew. */
export function heldFile(): OpenedFile | null {
  return opened;
}
