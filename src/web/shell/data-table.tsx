import type { ComponentChildren, VNode } from 'preact';
import { Scroll } from './scroll.tsx';

/** How a table is told and laid out. */
export interface DataTableProps {
  /** What it is, for who does not see it. */
  readonly label: string;
  /** The titles of its columns. */
  readonly columns: readonly string[];
  readonly caption?: string;
  /** `reflow` where a row becomes a block on a phone. */
  readonly class?: string;
  /** Rows. */
  readonly children: ComponentChildren;
}

/** A table with one row of titles. */
export function DataTable({ label, columns, caption, children, class: name }: DataTableProps): VNode {
  return (
    <Scroll label={label}>
      <table class={name}>
        {caption === undefined ? null : <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((title, at) => (
              <th key={at} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroll>
  );
}
