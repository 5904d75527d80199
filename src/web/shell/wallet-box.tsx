import type { VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { short } from '../data/format.ts';
import { fetchRecorded, type RecordedWallet } from '../data/recorded.ts';
import { findWalletFault } from '../data/route.ts';
import { holdFile, MAX_FILE_BYTES } from './opened-file.ts';
import { readRecent } from './recent-wallets.ts';
import { useApiKey } from './use-api-key.ts';
import { goTo } from './use-route.ts';

/** Where a wallet is typed, or a document opened. */
export function WalletBox({ size }: { readonly size: 'large' | 'small' }): VNode {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [suggestions, setSuggestions] = useState<readonly RecordedWallet[]>([]);
  const id = useId();
  const key = useApiKey();
  useEffect(() => {
    void fetchRecorded().then(({ wallets }) => setSuggestions(wallets));
  }, [key]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = findWalletFault(text);
    setFault(found);
    if (found !== null) return;
    goTo({ view: 'wallet', wallet: text.replaceAll(/\s/g, ''), recorded: null, at: null });
    setText('');
  };
  const known = new Map(suggestions.map(({ wallet, label }) => [wallet.toLowerCase(), label]));
  const recent = readRecent().filter((wallet) => !known.has(wallet.toLowerCase()));
  return (
    <search class={`wallet-box-${size}`}>
      <form class="wallet-box" onSubmit={submit} noValidate>
        <label for={`${id}-input`} class={size === 'small' ? 'unseen' : ''}>
          Wallet
        </label>
        <div class="wallet-row">
          <input
            id={`${id}-input`}
            name="wallet"
            type="text"
            list={`${id}-list`}
            placeholder={size === 'small' ? '0x… or name.eth' : '0x…, eip155:1:0x…, or name.eth'}
            autoComplete="off"
            autoCapitalize="off"
            spellcheck={false}
            value={text}
            aria-invalid={fault !== null}
            aria-describedby={fault === null ? undefined : `${id}-fault`}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setFault(null);
            }}
          />
          <datalist id={`${id}-list`}>
            {recent.map((wallet) => (
              <option key={wallet} value={wallet} label={`looked at before: ${short(wallet)}`} />
            ))}
            {suggestions.slice(0, 12).map(({ wallet, label }) => (
              <option key={wallet} value={wallet} label={`recorded: ${label}`} />
            ))}
          </datalist>
          <button type="submit" class="button button-first">
            Read
          </button>
          <FileButton onFault={setFault} words={size === 'small' ? 'File' : 'Open file'} />
        </div>
        {fault === null ? null : (
          <p class="fault" id={`${id}-fault`} role="alert">
            {fault}
          </p>
        )}
      </form>
    </search>
  );
}

function FileButton({ onFault, words }: { readonly onFault: (fault: string) => void; readonly words: string }): VNode {
  const input = useRef<HTMLInputElement>(null);
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MAX_FILE_BYTES) return onFault(`${file.name} is larger than ${MAX_FILE_BYTES / 1e6} MB, so it is no Portfolio document.`);
    holdFile({ name: file.name, text: await file.text() });
    if (location.hash === '#/file') dispatchEvent(new HashChangeEvent('hashchange'));
    else goTo({ view: 'file' });
  };
  return (
    <>
      <button type="button" class="button" onClick={() => input.current?.click()} title="A Portfolio document (plimsoll wallet … --save). It stays on this machine.">
        {words}
      </button>
      <input
        ref={input}
        class="unseen"
        type="file"
        accept=".json,application/json"
        tabIndex={-1}
        aria-label="Portfolio document"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = '';
          void open(file);
        }}
      />
    </>
  );
}
