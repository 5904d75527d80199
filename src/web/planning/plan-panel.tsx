import type { VNode } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { asksForKey } from '../data/api-key.ts';
import { instant } from '../data/format.ts';
import { failureWords } from '../data/page-words.ts';
import type { Failure } from '../data/request.ts';
import { startTelling } from '../data/start-telling.ts';
import type { WalletModel } from '../data/wallet-model.ts';
import { Failed } from '../shell/failed.tsx';
import { Later } from '../shell/later.tsx';
import { Panel } from '../shell/panel.tsx';
import type { WalletRoute } from '../wallet/load-wallet.ts';
import { FIRST_WISH, ORDER_WORDS, planCall, requestPlan, type Wish, wishWords } from './plan-request.ts';
import { type PlanDocument, planNames } from './plan-words.ts';

const loadResult = () => import('./plan-result.tsx').then(({ PlanResult }) => PlanResult);

/** A plan, with what it was asked for and about: what stands in the fields may say something else by now. */
interface Made {
  readonly plan: PlanDocument;
  readonly wish: Wish;
  readonly model: WalletModel;
}

type State = { readonly phase: 'idle' } | { readonly phase: 'asking' } | { readonly phase: 'failed'; readonly failure: Failure } | { readonly phase: 'done'; readonly made: Made };

/** The cheapest way back, beside what happens if nothing is done. */
export function PlanPanel({ model, route }: { readonly model: WalletModel; readonly route: WalletRoute }): VNode {
  const [wish, setWish] = useState<Wish>(FIRST_WISH);
  const [state, setState] = useState<State>({ phase: 'idle' });
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  const ask = (): void => {
    stop.current();
    setState({ phase: 'asking' });
    stop.current = startTelling(
      (signal) => requestPlan(planCall(model.portfolio, route, wish), signal),
      (answer) => setState(answer.ok ? { phase: 'done', made: { plan: answer.value, wish, model } } : { phase: 'failed', failure: answer.failure }),
    );
  };
  const cancel = (): void => {
    stop.current();
    setState({ phase: 'idle' });
  };
  return (
    <Panel
      id="plan"
      title="The way back"
      lead={
        <>
          The cheapest steps that bring every account to a target, replayed in the protocols’ own integers before they are shown. Computed by the service
          {planCall(model.portfolio, route, wish).path === '/v1/plan' ? ' from this document, which is sent to it for that' : ' from what it reads of this wallet'}.
        </>
      }
    >
      <PlanForm wish={wish} isAsking={state.phase === 'asking'} onWish={setWish} onAsk={ask} />
      <div aria-live="polite">
        {state.phase === 'asking' ? (
          <p class="waiting row">
            Looking for the cheapest way, then replaying it …{' '}
            <button type="button" class="button" onClick={cancel}>
              Cancel
            </button>
          </p>
        ) : null}
        {state.phase === 'failed' ? <PlanFailed failure={state.failure} onAgain={ask} /> : null}
        {state.phase === 'done' ? <MadePlan made={state.made} isOutdated={state.made.model.portfolio !== model.portfolio || JSON.stringify(state.made.wish) !== JSON.stringify(wish)} /> : null}
      </div>
    </Panel>
  );
}

interface PlanFormProps {
  readonly wish: Wish;
  readonly isAsking: boolean;
  readonly onWish: (wish: Wish) => void;
  readonly onAsk: () => void;
}

function PlanForm({ wish, isAsking, onWish, onAsk }: PlanFormProps): VNode {
  const id = useId();
  const set = (part: Partial<Wish>): void => onWish({ ...wish, ...part });
  const submit = (event: Event): void => {
    event.preventDefault();
    onAsk();
  };
  return (
    <form class="form" onSubmit={submit}>
      <label class="half" for={`${id}-target`}>
        Target health of every account
        <input id={`${id}-target`} type="text" inputMode="decimal" pattern="[0-9]{1,2}(\.[0-9]{1,6})?" required value={wish.target} onInput={(event) => set({ target: event.currentTarget.value })} />
      </label>
      <label class="half" for={`${id}-shock`}>
        that still stands after, if any
        <input id={`${id}-shock`} type="text" placeholder="ETH=-20%" value={wish.shock} onInput={(event) => set({ shock: event.currentTarget.value })} />
      </label>
      <label for={`${id}-order`}>
        carried out by
        <select id={`${id}-order`} value={wish.order} onChange={(event) => set({ order: event.currentTarget.value === 'any' ? 'any' : 'sequence' })}>
          <option value="sequence">{ORDER_WORDS.sequence}</option>
          <option value="any">{ORDER_WORDS.any}</option>
        </select>
      </label>
      <label class="check">
        <input type="checkbox" checked={wish.calldata} onChange={(event) => set({ calldata: event.currentTarget.checked })} />
        with unsigned calls
      </label>
      {wish.calldata ? (
        <>
          <label for={`${id}-executor`}>
            Your executor’s address, if you have one
            <input
              id={`${id}-executor`}
              class="address"
              type="text"
              spellcheck={false}
              autoComplete="off"
              placeholder="0x…"
              pattern="\s*0x[0-9a-fA-F]{40}\s*"
              value={wish.executor}
              onInput={(event) => set({ executor: event.currentTarget.value })}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={wish.acceptGaps} onChange={(event) => set({ acceptGaps: event.currentTarget.checked })} />
            in spite of gaps
          </label>
        </>
      ) : null}
      <button type="submit" class="button button-first" disabled={isAsking}>
        {isAsking ? 'Planning …' : 'Plan'}
      </button>
    </form>
  );
}

function MadePlan({ made: { plan, wish, model }, isOutdated }: { readonly made: Made; readonly isOutdated: boolean }): VNode {
  const names = useMemo(() => planNames(model.portfolio), [model]);
  const [at] = plan.asOf.blocks.map(({ timestamp }) => timestamp).toSorted((a, b) => a - b);
  return (
    <section class={isOutdated ? 'made made-outdated' : 'made'} aria-label="The plan">
      <p class="made-for">
        <strong>{wishWords(wish)}</strong>
        {at === undefined ? null : <span class="soft"> As of {instant(at)}.</span>}
      </p>
      {isOutdated ? <p class="notice notice-inline">Outdated: the fields above, or the wallet, say something else by now. Plan again.</p> : null}
      <Later load={loadResult} props={{ plan, names }} what="the plan" />
    </section>
  );
}

function PlanFailed({ failure, onAgain }: { readonly failure: Failure; readonly onAgain: () => void }): VNode {
  if (asksForKey(failure.code)) return <Failed failure={failure} onAgain={onAgain} />;
  return (
    <p class="notice notice-failed">
      {failureWords(failure)} <code class="soft">{failure.code}</code>
    </p>
  );
}
