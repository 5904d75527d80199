import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PriceDriver } from '../../engine/moves.ts';
import { driverName } from '../data/driver-name.ts';
import { health, percent } from '../data/format.ts';
import { computeHeatRow, type WalletModel, type WalletView } from '../data/wallet-model.ts';
import { STATUS_WORD } from '../load-line/status-words.ts';
import { Scroll } from '../shell/scroll.tsx';

const MOVES: readonly number[] = [-0.5, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3];
/** Marks beside the number, so that no colour has to be told from another. */
const MARKS: Readonly<Record<WalletView['statusWithoutGaps'], string>> = { safe: '', warning: '', critical: '!', liquidatable: '✕', insolvent: '✕✕', incomplete: '?' };

/** Two prices moved at once: each cell is the whole wallet computed anew. */
export function HeatMap({ model }: { readonly model: WalletModel }): VNode {
  const [[down, across], setPair] = useState<readonly [PriceDriver | undefined, PriceDriver | undefined]>([model.drivers[0], model.drivers[1]]);
  const rows = useHeatRows(model, down, across);
  const { bands, report } = model;
  const hasGap = report.gaps.length > 0;
  const name = (driver: PriceDriver | undefined): string => (driver === undefined ? '' : driverName(driver, model.drivers));
  return (
    <>
      <p class="row">
        <Choice label="Down" model={model} chosen={down} other={across} onChoose={(driver) => setPair([driver, across])} />
        <Choice label="Across" model={model} chosen={across} other={down} onChoose={(driver) => setPair([down, driver])} />
      </p>
      <Scroll label="Weakest account over two prices">
        <table class="heat">
          <caption class="unseen">
            Health of the weakest account if {name(down)} moves by the row’s and {name(across)} by the column’s percentage
          </caption>
          <thead>
            <tr>
              <th scope="col" class="corner">
                {name(down)} ↓ {name(across)} →
              </th>
              {MOVES.map((move) => (
                <th key={move} scope="col">
                  {percent(move, 0).replace(' %', '')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {MOVES.map((move, at) => (
              <tr key={move}>
                <th scope="row">{percent(move, 0).replace(' ', ' ')}</th>
                {MOVES.map((column, place) => (
                  <Cell key={column} view={rows[at]?.[place] ?? null} isToday={move === 0 && column === 0} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="soft legend">
        <span class={`heat-key status-cell-${hasGap ? 'incomplete' : 'safe'}`}>above {bands.warning.toString()}</span>{' '}
        <span class="heat-key status-cell-warning">above {bands.critical.toString()}</span> <span class="heat-key status-cell-critical">! above 1</span>{' '}
        <span class="heat-key status-cell-liquidatable">✕ liquidatable</span> <span class="heat-key status-cell-insolvent">✕✕ owes more than it holds</span>
        {hasGap ? ' Only of what could be read: none of it is called safe.' : ''}
      </p>
    </>
  );
}

function Cell({ view, isToday }: { readonly view: WalletView | null; readonly isToday: boolean }): VNode {
  if (view === null) return <td class="heat-empty">…</td>;
  const isHazy = view.status === 'incomplete' && view.statusWithoutGaps === 'safe';
  const status = isHazy ? 'incomplete' : view.statusWithoutGaps;
  const level = view.wallet.weakest?.health ?? null;
  return (
    <td class={`status-cell-${status} ${isToday ? 'heat-today' : ''}`} title={STATUS_WORD[status]}>
      {MARKS[status] === '' ? null : <span class="heat-mark">{MARKS[status]}</span>}
      {level === null ? '–' : level.gte(10) ? '10+' : health(level, 2)}
      <span class="unseen">
        {' '}
        {STATUS_WORD[status]}
        {isToday ? ', today' : ''}
      </span>
    </td>
  );
}

function Choice(props: {
  readonly label: string;
  readonly model: WalletModel;
  readonly chosen: PriceDriver | undefined;
  readonly other: PriceDriver | undefined;
  readonly onChoose: (driver: PriceDriver | undefined) => void;
}): VNode {
  const { label, model, chosen, other, onChoose } = props;
  return (
    <label>
      {label}{' '}
      <select value={String(chosen === undefined ? -1 : model.drivers.indexOf(chosen))} onChange={(event) => onChoose(model.drivers[Number(event.currentTarget.value)])}>
        {model.drivers.map((driver, at) =>
          driver === other ? null : (
            <option key={at} value={String(at)}>
              {driverName(driver, model.drivers)}
            </option>
          ),
        )}
      </select>
    </label>
  );
}

/** Row by row, so that the page answers in between. */
function useHeatRows(model: WalletModel, down: PriceDriver | undefined, across: PriceDriver | undefined): readonly (readonly WalletView[])[] {
  const [rows, setRows] = useState<readonly (readonly WalletView[])[]>([]);
  useEffect(() => {
    setRows([]);
    if (down === undefined || across === undefined) return;
    let timer = 0;
    const next = (at: number): void => {
      const move = MOVES[at];
      if (move === undefined) return;
      const row = computeHeatRow(model, { driver: down, move }, { driver: across, moves: MOVES });
      setRows((before) => [...before, row]);
      timer = window.setTimeout(() => next(at + 1));
    };
    timer = window.setTimeout(() => next(0));
    return () => clearTimeout(timer);
  }, [model, down, across]);
  return rows;
}
