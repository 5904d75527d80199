import type { VNode } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import { type Answer, type Failure, requestJson } from '../data/request.ts';
import type { WalletModel } from '../data/wallet-model.ts';
import { Later } from '../shell/later.tsx';
import { Panel } from '../shell/panel.tsx';
import { type PlanDocument, planNames } from './plan-words.ts';

const loadResult = () => import('./plan-result.tsx').then(({ PlanResult }) => PlanResult);

interface Wish {
  readonly target: string;
  readonly shock: string;
  readonly order: 'any' | 'sequence';
  readonly calldata: boolean;
}

type State = { readonly phase: 'idle' } | { readonly phase: 'asking' } | { readonly phase: 'failed'; readonly failure: Failure } | { readonly phase: 'done'; readonly plan: PlanDocument };

/** The cheapest way back, beside what happens if nothing is done. */
export function PlanPanel({ model, isFile }: { readonly model: WalletModel; readonly isFile: boolean }): VNode {
  const [wish, setWish] = useState<Wish>({ target: '1.5', shock: '', order: 'sequence', calldata: false });
  const [state, setState] = useState<State>({ phase: 'idle' });
  const names = useMemo(() => planNames(model.portfolio), [model]);
  const id = useId();
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    setState({ phase: 'asking' });
    const answer = await requestPlan(model, wish);
    setState(answer.ok ? { phase: 'done', plan: answer.value } : { phase: 'failed', failure: answer.failure });
  };
  return (
    <Panel
      id="plan"
      title="The way back"
      lead={
        <>
          The cheapest steps that bring every account to a target, replayed in the protocols’ own integers before they are shown. Computed by the service from this document
          {isFile ? ', which is sent to it for that' : ''}.
        </>
      }
    >
      <form class="form" onSubmit={(event) => void ask(event)}>
        <label class="half" for={`${id}-target`}>
          Target health of every account
          <input
            id={`${id}-target`}
            type="text"
            inputMode="decimal"
            pattern="[0-9]{1,2}(\.[0-9]{1,6})?"
            required
            value={wish.target}
            onInput={(event) => setWish({ ...wish, target: event.currentTarget.value })}
          />
        </label>
        <label class="half" for={`${id}-shock`}>
          that still stands after, if any
          <input id={`${id}-shock`} type="text" placeholder="ETH=-20%" value={wish.shock} onInput={(event) => setWish({ ...wish, shock: event.currentTarget.value })} />
        </label>
        <label for={`${id}-order`}>
          carried out by
          <select id={`${id}-order`} value={wish.order} onChange={(event) => setWish({ ...wish, order: event.currentTarget.value === 'any' ? 'any' : 'sequence' })}>
            <option value="sequence">my own calls</option>
            <option value="any">my calls, or my executor with a flash loan</option>
          </select>
        </label>
        <label class="check">
          <input type="checkbox" checked={wish.calldata} onChange={(event) => setWish({ ...wish, calldata: event.currentTarget.checked })} />
          with unsigned calls
        </label>
        <button type="submit" class="button button-first" disabled={state.phase === 'asking'}>
          {state.phase === 'asking' ? 'Planning …' : 'Plan'}
        </button>
      </form>
      <div aria-live="polite">
        {state.phase === 'asking' ? <p class="waiting">Looking for the cheapest way, then replaying it …</p> : null}
        {state.phase === 'failed' ? (
          <p class="notice notice-failed">
            {state.failure.message} <code class="soft">{state.failure.code}</code>
          </p>
        ) : null}
        {state.phase === 'done' ? <Later load={loadResult} props={{ plan: state.plan, names }} what="the plan" /> : null}
      </div>
    </Panel>
  );
}

async function requestPlan({ portfolio }: WalletModel, { target, shock, order, calldata }: Wish): Promise<Answer<PlanDocument>> {
  const body = { portfolio, target: target.trim(), order, calldata, ...(shock.trim() === '' ? {} : { shock: shock.trim() }) };
  const answer = await requestJson('/v1/plan', { body });
  return answer.ok ? { ok: true, value: answer.value as PlanDocument } : answer;
}
