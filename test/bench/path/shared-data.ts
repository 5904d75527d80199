import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../../shared/data/', import.meta.url);

/** Whether every one of the recorded figures is present on this machine. */
export function hasSharedData(names: readonly string[]): boolean {
  return names.every((name) => existsSync(new URL(name, ROOT)));
}

export function readSharedText(name: string): string {
  return readFileSync(new URL(name, ROOT), 'utf8');
}

export function readSharedJson(name: string): unknown {
  return JSON.parse(readSharedText(name));
}
