/** How the page looks: as the system says, or as was chosen here. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'plimsoll.theme';

/** The theme that was chosen on this machine. */
export function readTheme(): Theme {
  const kept = readKept(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Shows a theme, and keeps it. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  keep(KEY, theme);
}

/** What was kept on this machine under a name; null where nothing was, or the browser keeps nothing. */
export function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text on this machine; a browser that keeps nothing is no failure. */
export function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Private windows refuse; the page works without.
  }
}
