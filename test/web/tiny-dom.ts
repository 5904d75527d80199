import { type ComponentChild, render } from 'preact';
import { vi } from 'vitest';

/** As much of a document as preact asks for: what stands where, its attributes and who listens. */
class TinyNode {
  readonly childNodes: TinyNode[] = [];
  readonly attributes = new Map<string, string>();
  readonly listeners = new Map<string, (event: unknown) => unknown>();
  readonly style: Readonly<Record<string, string>> = {};
  readonly ownerDocument = tinyDocument;
  readonly namespaceURI = '';
  parentNode: TinyNode | null = null;
  readonly localName: string;
  data: string;

  constructor(localName: string, data = '') {
    this.localName = localName;
    this.data = data;
  }

  get nodeType(): number {
    return this.localName === '#text' ? 3 : 1;
  }

  get firstChild(): TinyNode | null {
    return this.childNodes[0] ?? null;
  }

  get nextSibling(): TinyNode | null {
    const { childNodes = [] } = this.parentNode ?? {};
    return childNodes[childNodes.indexOf(this) + 1] ?? null;
  }

  insertBefore(child: TinyNode, before: TinyNode | null): void {
    child.parentNode?.removeChild(child);
    this.childNodes.splice(before === null ? this.childNodes.length : this.childNodes.indexOf(before), 0, child);
    child.parentNode = this;
  }

  removeChild(child: TinyNode): void {
    this.childNodes.splice(this.childNodes.indexOf(child), 1);
    child.parentNode = null;
  }

  remove(): void {
    this.parentNode?.removeChild(this);
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name.toLowerCase(), String(value));
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name.toLowerCase());
  }

  addEventListener(kind: string, listener: (event: unknown) => unknown): void {
    this.listeners.set(kind, listener);
  }

  removeEventListener(kind: string): void {
    this.listeners.delete(kind);
  }
}

/** Who listens to the document: that the tab is seen is all that it tells. */
const listening = new Set<() => void>();
const tinyDocument = {
  visibilityState: 'visible',
  createElement: (name: string) => new TinyNode(name),
  createElementNS: (_: string, name: string) => new TinyNode(name),
  createTextNode: (text: string) => new TinyNode('#text', text),
  title: '',
  documentElement: { dataset: {} },
  addEventListener: (_: string, listener: () => void) => void listening.add(listener),
  removeEventListener: (_: string, listener: () => void) => void listening.delete(listener),
};

/** Tells everybody who listens that the tab is seen again. */
export function comeBack(): void {
  for (const listener of listening) listener();
}

/** What is shown. */
export interface Shown {
  /** Every word, cells and parts apart by one space. */
  readonly text: () => string;
  /** Texts of the elements of a name, or of a class where it begins with a dot. */
  readonly all: (selector: string) => readonly string[];
  /** An attribute of the first such element. */
  readonly attribute: (selector: string, name: string) => string | undefined;
  /** The same of every such element. */
  readonly attributes: (selector: string, name: string) => readonly (string | undefined)[];
  /** Hands an event to the first such element that listens for it and whose text or label holds `words`. */
  readonly fire: (selector: string, kind: string, event?: object, words?: string) => void;
  readonly close: () => void;
}

/** Renders a component by preact itself, hooks and all, without a browser: on a wide screen, where no phone is asked for. */
export function show(child: ComponentChild, screen: 'wide' | 'phone' = 'wide'): Shown {
  vi.stubGlobal('document', tinyDocument);
  vi.stubGlobal('matchMedia', (query: string) => ({ matches: screen === 'phone' && query.includes('max-width'), addEventListener: () => undefined, removeEventListener: () => undefined }));
  const root = new TinyNode('root');
  const place = root as unknown as Element;
  render(child, place);
  const find = (selector: string): readonly TinyNode[] => nodesOf(root).filter((node) => isNamed(node, selector));
  return {
    text: () => textOf(root),
    all: (selector) => find(selector).map(textOf),
    attribute: (selector, name) => find(selector)[0]?.attributes.get(name),
    attributes: (selector, name) => find(selector).map(({ attributes }) => attributes.get(name)),
    fire(selector, kind, event = {}, words = '') {
      const listenerOf = ({ listeners }: TinyNode) => [...listeners].find(([name]) => name.toLowerCase() === kind)?.[1];
      const target = find(selector).find((node) => listenerOf(node) !== undefined && `${textOf(node)} ${node.attributes.get('aria-label') ?? ''}`.includes(words));
      const listener = target === undefined ? undefined : listenerOf(target);
      if (target === undefined || listener === undefined) throw new Error(`nothing listens for ${kind} at ${selector} ${words}`);
      listener.call(target, { type: kind, target, currentTarget: target, preventDefault: () => undefined, ...event });
    },
    close: () => render(null, place),
  };
}

/** Lets preact draw, and its effects and what they wait for follow. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
}

function nodesOf(node: TinyNode): readonly TinyNode[] {
  return [node, ...node.childNodes.flatMap(nodesOf)];
}

function isNamed({ localName, attributes }: TinyNode, selector: string): boolean {
  return selector.startsWith('.') ? (attributes.get('class') ?? '').split(' ').includes(selector.slice(1)) : localName === selector;
}

/** Texts beside one another are one; elements stand apart. */
function textOf(node: TinyNode): string {
  if (node.localName === '#text') return node.data;
  const parts = node.childNodes.map((child) => (child.localName === '#text' ? child.data : ` ${textOf(child)} `));
  return parts.join('').replaceAll(/\s+/g, ' ').trim();
}
