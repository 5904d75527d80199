import type { VNode } from 'preact';
import { useId, useState } from 'preact/hooks';
import { MAX_FILE_BYTES } from '../shell/opened-file.ts';

/** A field that opens one text file of this machine. */
export function FileField({ label, onText }: { readonly label: string; readonly onText: (text: string) => void }): VNode {
  const id = useId();
  const [fault, setFault] = useState<string | null>(null);
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const isLarge = file.size > MAX_FILE_BYTES;
    setFault(isLarge ? `${file.name} is larger than any document of Plimsoll.` : null);
    if (!isLarge) onText(await file.text());
  };
  return (
    <label for={id}>
      {label}
      <input id={id} type="file" accept=".json,application/json" onChange={(event) => void read(event.currentTarget.files?.[0])} />
      {fault === null ? null : (
        <span class="fault" role="alert">
          {fault}
        </span>
      )}
    </label>
  );
}
