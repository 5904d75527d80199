import type { ComponentChildren, VNode } from 'preact';

/** A titled part of a page. */
export function Panel({ id, title, lead, children }: { readonly id: string; readonly title: string; readonly lead?: ComponentChildren; readonly children: ComponentChildren }): VNode {
  return (
    <section class="panel" id={id} tabIndex={-1} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {lead === undefined ? null : <p class="panel-lead">{lead}</p>}
      {children}
    </section>
  );
}
