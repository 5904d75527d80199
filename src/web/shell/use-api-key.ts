import { useEffect, useState } from 'preact/hooks';
import { onApiKey, readApiKey } from '../data/api-key.ts';

/** Follows the API key of this tab; null where there is none. */
export function useApiKey(): string | null {
  const [key, setKey] = useState(readApiKey);
  useEffect(() => onApiKey(() => setKey(readApiKey())), []);
  return key;
}
