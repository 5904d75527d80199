import type { VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { DataTable } from '../shell/data-table.tsx';
import 'uplot/dist/uPlot.min.css';
import type { PriceDriver } from '../../engine/moves.ts';
import { percent } from '../data/format.ts';
import { type CurvePoint, computeCurve, type DriverMove, type WalletModel } from '../data/wallet-model.ts';
import { useMedia } from '../shell/use-media.ts';

interface CurveProps {
  readonly model: WalletModel;
  readonly driver: PriceDriver;
  readonly move: number;
  readonly onMove: (moved: DriverMove | null) => void;
}

const HEIGHT = 260;
/** Above this nothing can be read off; the lines are cut there. */
const TOP = 3;

/** Health over one price, as lines; the same as a table for who does not see them. */
export function Curve({ model, driver, move, onMove }: CurveProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const at = useRef(move);
  const isDark = useMedia('(prefers-color-scheme: dark)');
  const points = useMemo(() => computeCurve(model, driver), [model, driver]);
  at.current = move;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const drawn = new uPlot(optionsFor(element, { at, onPick: (picked) => onMove({ driver, move: picked }) }), dataOf(points), element);
    plot.current = drawn;
    const resize = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    const theme = new MutationObserver(() => drawn.redraw());
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      theme.disconnect();
      resize.disconnect();
      drawn.destroy();
    };
  }, [points, driver, onMove, isDark]);
  useEffect(() => {
    // Before its first drawing a plot has no scale to draw on again.
    if (plot.current?.scales['x']?.min != null) plot.current.redraw();
  }, [move]);
  return (
    <>
      <div ref={box} class="curve" aria-hidden="true" />
      <p class="legend soft" aria-hidden="true">
        <span class="key key-weakest">weakest account</span> <span class="key key-unified">unified</span> <span class="key key-line">line at 1</span>
      </p>
      <details>
        <summary>The curve as a table</summary>
        <DataTable label="Health over the price" columns={['Move', 'Weakest', 'Unified']}>
          {points
            .filter((_, index) => index % 5 === 0)
            .map((point) => (
              <tr key={point.move}>
                <th scope="row">{percent(point.move, 0)}</th>
                <td class="number">{point.weakest?.toFixed(3) ?? '–'}</td>
                <td class="number">{point.unified?.toFixed(3) ?? '–'}</td>
              </tr>
            ))}
        </DataTable>
      </details>
    </>
  );
}

function dataOf(points: readonly CurvePoint[]): uPlot.AlignedData {
  const cut = (level: number | null): number | null => (level === null ? null : Math.min(level, TOP));
  return [points.map(({ move }) => move * 100), points.map(({ weakest }) => cut(weakest)), points.map(({ unified }) => cut(unified))];
}

function optionsFor(element: HTMLElement, { at, onPick }: { readonly at: { readonly current: number }; readonly onPick: (move: number) => void }): uPlot.Options {
  const colour = (name: string) => (): string => resolveColour(element, name);
  const axis = { stroke: colour('--ink-soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '12px system-ui, sans-serif' };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0.8, Math.max(0, low)), Math.min(TOP, Math.max(1.25, high))] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((tick) => `${tick > 0 ? '+' : tick < 0 ? '−' : ''}${Math.abs(tick)} %`) },
      { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => tick.toFixed(2)) },
    ],
    series: [{}, { stroke: colour('--curve-weakest'), width: 2.5, points: { show: false } }, { stroke: colour('--curve-unified'), width: 2, dash: [7, 5], points: { show: false } }],
    hooks: {
      draw: [(drawn) => drawLines(drawn, { at: at.current * 100, line: colour('--curve-line')(), mark: colour('--ink')() })],
      ready: [
        (drawn) =>
          drawn.over.addEventListener('click', () => {
            const { left } = drawn.cursor;
            if (left !== undefined && left >= 0) onPick(Math.round(Math.min(80, Math.max(-80, drawn.posToVal(left, 'x')))) / 100);
          }),
      ],
    },
  };
}

/** A canvas knows no variables of a style sheet: an element that wears one says what it is now. */
function resolveColour(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = '';
  return color;
}

/** The load line at 1, and where the slider stands. */
function drawLines(drawn: uPlot, { at, line, mark }: { readonly at: number; readonly line: string; readonly mark: string }): void {
  const { ctx, bbox } = drawn;
  const y = Math.round(drawn.valToPos(1, 'y', true));
  const x = Math.round(drawn.valToPos(at, 'x', true));
  ctx.save();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = line;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeStyle = mark;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
