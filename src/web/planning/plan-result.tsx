import type { VNode } from 'preact';
import { chainName } from '../data/driver-name.ts';
import { amount, count, healthText, plain, usd } from '../data/format.ts';
import { failureWords, pageWords } from '../data/page-words.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { DataTable } from '../shell/data-table.tsx';
import { beforeAfter, costRange, forcedWhen, type PlanDocument, type PlanNames, type PlanStage, type SelfPlanDocument, STAGE_WORDS, savingUsd, stepSentence } from './plan-words.ts';

/** A plan beside what happens without one. */
export function PlanResult({ plan, names }: { readonly plan: PlanDocument; readonly names: PlanNames }): VNode {
  const { self, refused, gaps } = plan;
  return (
    <>
      {gaps.length === 0 ? null : <p class="notice notice-incomplete">{count(gaps.length, 'gap')}: the plan does not cover what could not be seen.</p>}
      <div class="versus">
        <section aria-labelledby="plan-do">
          <h3 id="plan-do">If you act</h3>
          {refused === null ? null : (
            <p class="notice notice-inline">
              <strong>No plan.</strong> {failureWords(refused)}
            </p>
          )}
          {self === null ? null : <Acting plan={plan} self={self} names={names} />}
        </section>
        <section aria-labelledby="plan-leave">
          <h3 id="plan-leave">If nothing is done</h3>
          <Waiting plan={plan} />
        </section>
      </div>
      {self === null || self.stages.length === 0 ? null : <Details plan={plan} self={self} names={names} />}
    </>
  );
}

function Acting({ plan, self, names }: { readonly plan: PlanDocument; readonly self: SelfPlanDocument; readonly names: PlanNames }): VNode {
  if (self.stages.length === 0) return <p>Nothing to do: every account that could be seen is at {plan.target.health} already.</p>;
  const { cost } = self;
  return (
    <>
      <p class="cost">
        <strong>{usd(cost.totalUsd)}</strong>{' '}
        <span class="soft">
          in all; no plan of the model costs less than {usd(self.lowerBoundUsd)}, so at most {usd(self.gapUsd)} could be saved
        </span>
      </p>
      <p class="soft">
        slippage {usd(cost.slippageUsd)} · fees {usd(cost.feesUsd)} · gas {usd(cost.gasUsd)} · penalty {usd(cost.penaltyUsd)}
      </p>
      {self.stages.map((stage, at) => (
        <Stage key={at} stage={stage} at={at} of={self.stages.length} names={names} />
      ))}
      <p>
        Weakest and unified: <strong>{beforeAfter(lowest(self.before), lowest(self.after))}</strong>, <strong>{beforeAfter(self.before.unifiedHealthFactor, self.after.unifiedHealthFactor)}</strong>
      </p>
    </>
  );
}

function Stage({ stage, at, of, names }: { readonly stage: PlanStage; readonly at: number; readonly of: number; readonly names: PlanNames }): VNode {
  return (
    <div class="stage">
      <p class="soft">
        {of > 1 ? `Stage ${at + 1} of ${of}: ` : ''}
        {chainName(stage.chain)}, {STAGE_WORDS[stage.order]}
      </p>
      <ol>
        {stage.loans.map((loan, index) => (
          <li key={`loan ${index}`}>
            Borrow {amount(loan.amount)} {names.symbol(loan.asset)} within the transaction{loan.fee === '0' ? ' (no fee)' : ''}, and return it at the end
          </li>
        ))}
        {stage.steps.map((step, index) => (
          <li key={index}>{stepSentence(step, names)}</li>
        ))}
      </ol>
    </div>
  );
}

function Waiting({ plan }: { readonly plan: PlanDocument }): VNode {
  const { forced } = plan;
  const gone = forced.accounts.filter((account) => account.status === 'liquidatable');
  if (gone.length === 0) return <p>No account is liquidated {forcedWhen(forced)}.</p>;
  const saving = savingUsd(plan);
  return (
    <>
      <p class="cost">
        <strong>{usd(forced.rational.costUsd)}</strong> <span class="soft">lost to liquidation {forcedWhen(forced)}</span>
      </p>
      {forced.best.costUsd === forced.worst.costUsd ? null : <p class="soft">{costRange(forced)}</p>}
      <ul>
        {gone.map((account) =>
          account.status !== 'liquidatable' ? null : (
            <li key={account.account}>
              {plain(account.label)}: {costRange(account)}
              {account.pairs.some((pair) => pair.toxicity?.lowersHealth === true) ? ' Toxic: a liquidation lowers its health further.' : ''}
              {Number(account.worst.badDebtUsd) > 0 ? ` Bad debt up to ${usd(account.worst.badDebtUsd)}.` : ''}
            </li>
          ),
        )}
      </ul>
      {saving === null ? null : (
        <p>
          Acting now saves <strong>{usd(saving)}</strong> of that.
        </p>
      )}
    </>
  );
}

function Details({ plan, self, names }: { readonly plan: PlanDocument; readonly self: SelfPlanDocument; readonly names: PlanNames }): VNode {
  return (
    <>
      <DataTable label="Accounts before and after the plan" class="reflow reflow-four" columns={['Account', 'Health before', 'after', 'Native health before', 'after']}>
        {self.before.accounts.map((before, at) => {
          const after = self.after.accounts[at];
          return (
            <tr key={before.account}>
              <th scope="row">{plain(before.label)}</th>
              <td class="number" data-label="before">
                {healthText(before.health)}
              </td>
              <td class="number strong" data-label="after">
                {healthText(after?.health ?? null)}
              </td>
              <td class="number" data-label="native before">
                {nativeText(before.nativeHealthFactor)} {before.liquidatable ? 'liquidatable' : ''}
              </td>
              <td class="number" data-label="native after">
                {nativeText(after?.nativeHealthFactor ?? null)}
              </td>
            </tr>
          );
        })}
      </DataTable>
      <Calls self={self} />
      <details>
        <summary>Compared with other ways, and what is assumed</summary>
        <ul>
          {self.baselines.map(({ name, totalUsd, extraUsd, reason }) => (
            <li key={name}>
              {plain(name)}: {totalUsd === null ? `not possible. ${named(reason ?? '', names)}` : `${usd(totalUsd)} (${usd(extraUsd ?? '0')} more)`}
            </li>
          ))}
          {self.policies.map(({ policy, totalUsd, reachesTarget, reason }) => (
            <li key={policy}>
              {plain(policy)}: {totalUsd === null ? `not possible. ${named(reason ?? '', names)}` : `${usd(totalUsd)}${reachesTarget ? '' : ' and does not reach the target'}`}
            </li>
          ))}
        </ul>
        <p>
          {plain(self.method)}. {plain(self.headRoom)}. {plan.gas.assumedOn.length > 0 ? `Gas on ${plan.gas.assumedOn.map(chainName).join(', ')} by a table, not by the chain. ` : ''}
          Prices stand still; optimal for this model, not for the market.
        </p>
        <ul>
          {plan.curves.map(({ route, source, assumed }) => (
            <li key={route}>
              {plain(route)}: {plain(source)}
              {assumed ? ' (assumed: no market was looked at now)' : ''}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function Calls({ self }: { readonly self: SelfPlanDocument }): VNode | null {
  const { transactions } = self;
  if (transactions === null) return null;
  if (transactions.status === 'incomplete') {
    return (
      <div class="notice notice-inline">
        <strong>No calls.</strong>
        <ul>
          {transactions.reasons.map((reason) => (
            <li key={reason}>{pageWords(reason)}</li>
          ))}
        </ul>
      </div>
    );
  }
  return (
    <section class="calls" aria-labelledby="calls-title">
      <h3 id="calls-title">Unsigned calls, {transactions.status === 'ready' ? 'simulated: ready to sign' : 'not simulated, so not called ready'}</h3>
      <p class="row">
        <CopyButton text={JSON.stringify(transactions.batches, null, 2)} what="all calls as EIP-5792 batches" label="Copy as EIP-5792" />
      </p>
      <ol>
        {transactions.calls.map((call, at) => (
          <li key={at}>
            {plain(call.description)}
            <div class="call">
              <code>to {call.to}</code>
              <code class="data">{call.data}</code>
              <CopyButton text={JSON.stringify(call)} what={`call ${at + 1}`} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A protocol's own number can be large, and then says little by its later digits. */
function nativeText(text: string | null): string {
  return healthText(text, Number(text) >= 10 ? 2 : 4);
}

function lowest({ accounts }: SelfPlanDocument['before']): string | null {
  return accounts.reduce<string | null>((low, { health }) => (health !== null && (low === null || Number(health) < Number(low)) ? health : low), null);
}

/** Account ids in a reason, by their labels. */
function named(reason: string, names: PlanNames): string {
  return pageWords(reason.replaceAll(/eip155:[^\s,]+/g, (id) => names.account(id)));
}
