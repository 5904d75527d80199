import type { ComponentType, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** What is loaded when it is needed. */
export interface LaterProps<Props> {
  readonly load: () => Promise<ComponentType<Props>>;
  readonly props: Props;
  /** What is being loaded, in words. */
  readonly what: string;
}

/** Shows a component whose code is fetched first. */
export function Later<Props extends object>({ load, props, what }: LaterProps<Props>): VNode {
  const [loaded, setLoaded] = useState<{ readonly Shown: ComponentType<Props> } | 'failed' | null>(null);
  useEffect(() => {
    let isOver = false;
    load().then(
      (Shown) => isOver || setLoaded({ Shown }),
      () => isOver || setLoaded('failed'),
    );
    return () => {
      isOver = true;
    };
  }, [load]);
  if (loaded === 'failed') {
    return (
      <p class="notice notice-failed" role="alert">
        The code for {what} could not be loaded: the service does not answer. Start it and load the page again.
      </p>
    );
  }
  return loaded === null ? (
    <p class="waiting" role="status">
      Loading {what} …
    </p>
  ) : (
    <loaded.Shown {...props} />
  );
}
