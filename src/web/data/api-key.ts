const NAME = 'plimsoll.api-key';
/** What a header can carry: whether the service knows it is the service's to say. */
const KEY = /^[\x21-\x7e]{8,200}$/;
const listeners = new Set<() => void>();
/** For a browser that keeps nothing: gone with the page. */
let held: string | null = null;

/** The API key that was typed in this tab; null where none was. */
export function readApiKey(): string | null {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return held;
  }
}

/**
 * Keeps an API key until this tab is closed: in the session's storage, and nowhere else. Null forgets it.
 *
 * @returns what is wrong with it, in words; null where it is kept
 */
export function keepApiKey(text: string | null): string | null {
  const key = text?.trim() ?? null;
  if (key !== null && !KEY.test(key)) return 'This is no API key. The operator of the service has one that begins with plk_.';
  held = key;
  try {
    if (key === null) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, key);
  } catch {
    // It is held until the page is left.
  }
  for (const listener of listeners) listener();
  return null;
}

/** Tells whenever a key is kept or forgotten. @returns what ends that */
export function onApiKey(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The header that a request carries: never a part of an address. */
export function authorization(): Readonly<Record<string, string>> {
  const key = readApiKey();
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** Tells whether a failure is for want of a key, or of a better one. */
export function asksForKey(code: string): boolean {
  return code === 'UNAUTHENTICATED' || (code === 'FORBIDDEN' && readApiKey() !== null);
}
