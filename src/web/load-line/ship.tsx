import type { VNode } from 'preact';
import type { LoadLineFacts } from './facts.ts';
import { areTogether, DRAUGHT_MARKS, draughtOf } from './scale.ts';

/** Geometry of one size of the picture, in its own units. */
interface Frame {
  readonly width: number;
  readonly height: number;
  /** Where the water is. */
  readonly surface: number;
  readonly stern: number;
  readonly bow: number;
  /** From the deck's mark (health 0.5) to that of 2. */
  readonly draught: number;
}

const WIDE: Frame = { width: 880, height: 560, surface: 330, stern: 150, bow: 706, draught: 172 };
const NARROW: Frame = { width: 420, height: 400, surface: 236, stern: 58, bow: 384, draught: 136 };
/** The hull above the mark of 0.5, and below that of 2. */
const BULWARK = 16;
const KEEL = 50;
/** Two labels nearer than this would meet. */
const LABEL_HEIGHT = 20;

/** What the picture is drawn from. */
export interface ShipProps {
  readonly facts: LoadLineFacts;
  /** Where the wallet lies today, while the picture shows other prices. */
  readonly today: LoadLineFacts | null;
  readonly size: 'wide' | 'narrow';
}

/**
 * The load line: a ship that lies as deep in the water as its weakest account is loaded. The circle with the line is health 1; under water means liquidated. It has
 * no text equivalent of its own.
 */
export function Ship({ facts, today, size }: ShipProps): VNode {
  const frame = size === 'wide' ? WIDE : NARROW;
  const { width, height, surface } = frame;
  const sink = surface - draughtOf(facts.depth) * frame.draught;
  const isUnder = facts.depth !== null && facts.depth < 1;
  const levels = levelsBeside(facts, today, frame);
  return (
    <svg class={`ship ship-${facts.status} ${isUnder ? 'ship-under' : ''}`} viewBox={`0 0 ${width} ${height}`} aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id={`sea-${size}`} x1="0" y1="0" x2="0" y2="1">
          <stop class="sea-top" offset="0" />
          <stop class="sea-bottom" offset="1" />
        </linearGradient>
        <pattern id={`fog-${size}`} width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(35)">
          <rect class="fog-stroke" width="3" height="9" />
        </pattern>
        <clipPath id={`hull-${size}`}>
          <path d={hullPath(frame)} />
        </clipPath>
      </defs>
      <path class="sea-back" d={wavePath(frame, surface - 5, 90)} />
      <g class="ship-body" style={{ transform: `translateY(${sink}px)` }}>
        <Deck frame={frame} />
        <path class="hull" d={hullPath(frame)} />
        <g clip-path={`url(#hull-${size})`}>
          <rect class="hull-below" x="0" y={draughtOf(1) * frame.draught} width={width} height={frame.draught + KEEL} />
        </g>
        <LoadLineMark frame={frame} />
      </g>
      <g class="sea-front">
        <path class="sea-fill" d={wavePath(frame, surface, 0)} fill={`url(#sea-${size})`} />
        <path class="sea-crest" d={crestPath(frame, surface)} />
      </g>
      <g class="ship-body" style={{ transform: `translateY(${sink}px)` }}>
        {levels.map(({ name, level, shift, isAbove }) => (
          <LevelLine key={name} frame={frame} level={level} name={name} label={`${name} ${shown(level)}`} shift={shift} isAbove={isAbove} />
        ))}
        <DraughtMarks frame={frame} />
      </g>
      <WaterLabel facts={facts} frame={frame} />
      {facts.status === 'incomplete' ? <Fog frame={frame} size={size} /> : null}
    </svg>
  );
}

function Deck({ frame }: { readonly frame: Frame }): VNode {
  const { stern, bow } = frame;
  const length = bow - stern;
  const house = stern + length * 0.1;
  const scale = length / 572;
  const crates = [0.36, 0.45, 0.54, 0.63, 0.72].map((share) => stern + length * share);
  return (
    <g class="deck">
      <line class="rigging" x1={stern + length * 0.86} y1={-BULWARK - 74} x2={stern + length * 0.86} y2={-BULWARK} />
      <line class="rigging" x1={stern + length * 0.86} y1={-BULWARK - 70} x2={bow - 4} y2={-BULWARK - 12} />
      <line class="rigging" x1={stern + length * 0.86} y1={-BULWARK - 70} x2={stern + length * 0.34} y2={-BULWARK - 62} />
      <rect class="house" x={house} y={-BULWARK - 40} width={108 * scale} height={42} rx="3" />
      <rect class="house" x={house + 14 * scale} y={-BULWARK - 66} width={76 * scale} height={28} rx="3" />
      <rect class="funnel" x={house - 26 * scale} y={-BULWARK - 62} width={20 * scale} height={62} rx="2" />
      <rect class="funnel-band" x={house - 26 * scale} y={-BULWARK - 52} width={20 * scale} height={9} />
      {[0, 1, 2, 3].map((at) => (
        <rect key={at} class="window" x={house + (22 + at * 16) * scale} y={-BULWARK - 57} width={9 * scale} height={7} rx="1" />
      ))}
      {crates.map((x, at) => (
        <rect key={x} class={`crate crate-${at % 3}`} x={x} y={-BULWARK - (at % 2 === 0 ? 24 : 32)} width={length * 0.076} height={at % 2 === 0 ? 26 : 34} rx="2" />
      ))}
    </g>
  );
}

function DraughtMarks({ frame }: { readonly frame: Frame }): VNode {
  const x = frame.stern + (frame.bow - frame.stern) * 0.82;
  return (
    <g class="draught">
      {DRAUGHT_MARKS.map((mark) => {
        const y = draughtOf(mark) * frame.draught;
        return (
          <g key={mark}>
            <line x1={x - 12} y1={y} x2={x} y2={y} />
            <text x={x + 6} y={y + 4.5}>
              {mark === 2 ? '2+' : mark.toFixed(1)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** The Plimsoll mark: a circle crossed by the line. */
function LoadLineMark({ frame }: { readonly frame: Frame }): VNode {
  const x = frame.stern + (frame.bow - frame.stern) * 0.47;
  const y = draughtOf(1) * frame.draught;
  return (
    <g class="mark">
      <line class="mark-halo" x1={x - 62} y1={y} x2={x + 62} y2={y} />
      <circle class="mark-halo" cx={x} cy={y} r="25" />
      <circle cx={x} cy={y} r="25" />
      <line x1={x - 62} y1={y} x2={x + 62} y2={y} />
    </g>
  );
}

interface LevelLineProps {
  readonly frame: Frame;
  readonly level: number | null;
  readonly name: 'unified' | 'today';
  readonly label: string;
  /** How far the label stands below its line, so that two do not meet. */
  readonly shift: number;
  readonly isAbove: boolean;
}

/** A level across the hull: where the water would reach at another health. */
function LevelLine({ frame, level, name, label, shift, isAbove }: LevelLineProps): VNode {
  const y = draughtOf(level) * frame.draught;
  const isWide = frame === WIDE;
  const [left, right] = [frame.stern - (isWide ? 6 : 0), frame.bow + (isWide ? 26 : 4)];
  return (
    <g class={`level level-${name}`}>
      <line x1={left} y1={y} x2={right} y2={y} />
      <text x={isWide ? right + 6 : left + 22} y={isWide ? y + 5 + shift : isAbove ? y - 6 : y + 18}>
        {label}
      </text>
    </g>
  );
}

interface Level {
  readonly name: 'unified' | 'today';
  readonly level: number | null;
  readonly shift: number;
  /** Where there is no room beside the ship: whether the label stands above its line. */
  readonly isAbove: boolean;
}

/** The lines beside the water: those that do not lie on it, their labels apart. */
function levelsBeside(facts: LoadLineFacts, today: LoadLineFacts | null, frame: Frame): readonly Level[] {
  const unified = areTogether(facts.unified, facts.depth) ? [] : [{ name: 'unified' as const, level: facts.unified, shift: 0, isAbove: false }];
  const before = today === null || areTogether(today.depth, facts.depth) ? [] : [{ name: 'today' as const, level: today.depth, shift: 0, isAbove: true }];
  const distance = (draughtOf(facts.unified) - draughtOf(today?.depth ?? null)) * frame.draught;
  const missing = Math.max(0, LABEL_HEIGHT - Math.abs(distance)) / 2;
  if (unified.length === 0 || before.length === 0) return [...unified, ...before];
  const down = distance < 0 ? -missing : missing;
  return [...unified.map((level) => ({ ...level, shift: down, isAbove: distance < 0 })), ...before.map((level) => ({ ...level, shift: -down, isAbove: distance >= 0 }))];
}

function WaterLabel({ facts, frame }: { readonly facts: LoadLineFacts; readonly frame: Frame }): VNode | null {
  if (facts.depth === null) return null;
  const isTogether = areTogether(facts.unified, facts.depth);
  const what = facts.isByMarket ? 'weakest at market' : isTogether ? 'weakest and unified' : 'weakest';
  const y = frame === WIDE ? frame.surface - 32 : 38;
  return (
    <g class="water-label">
      <text class="water-figure" x="14" y={y}>
        {shown(facts.depth)}
      </text>
      <text x="14" y={y + 19}>
        {what}
      </text>
    </g>
  );
}

/** What is not seen is drawn as what it is. */
function Fog({ frame, size }: { readonly frame: Frame; readonly size: string }): VNode {
  const { width, surface } = frame;
  return (
    <g class="fog">
      <rect class="fog-bank" x={width * 0.3} y={surface - 172} width={width * 0.66} height="58" rx="29" />
      <rect class="fog-bank" x={width * 0.14} y={surface - 104} width={width * 0.6} height="52" rx="26" />
      <rect class="fog-bank" x={width * 0.42} y={surface - 44} width={width * 0.55} height="46" rx="23" />
      <rect fill={`url(#fog-${size})`} x={width * 0.3} y={surface - 172} width={width * 0.66} height="58" rx="29" />
      <rect fill={`url(#fog-${size})`} x={width * 0.14} y={surface - 104} width={width * 0.6} height="52" rx="26" />
      <rect fill={`url(#fog-${size})`} x={width * 0.42} y={surface - 44} width={width * 0.55} height="46" rx="23" />
    </g>
  );
}

/** Cut, not rounded: 0.999 is not 1.00. */
function shown(level: number | null): string {
  if (level === null) return 'no debt';
  if (level >= 100) return '100+';
  return (Math.floor(level * 100 + 1e-9) / 100).toFixed(2);
}

function hullPath({ stern, bow, draught }: Frame): string {
  const bottom = draught + KEEL;
  const deck = -BULWARK;
  return [
    `M ${stern - 14} ${deck - 6}`,
    `L ${bow - 96} ${deck}`,
    `Q ${bow - 40} ${deck - 4} ${bow + 16} ${deck - 26}`,
    `Q ${bow - 4} ${draught * 0.55} ${bow - 28} ${bottom - 34}`,
    `Q ${bow - 36} ${bottom} ${bow - 78} ${bottom}`,
    `L ${stern + 52} ${bottom}`,
    `Q ${stern + 20} ${bottom} ${stern + 10} ${bottom - 40}`,
    `Q ${stern + 2} ${draught * 0.5} ${stern - 14} ${deck - 6}`,
    'Z',
  ].join(' ');
}

/** The sea from a height down, its surface in gentle waves. */
function wavePath(frame: Frame, top: number, shift: number): string {
  return `${crestPath(frame, top, shift)} L ${frame.width + 200} ${frame.height} L -200 ${frame.height} Z`;
}

function crestPath({ width }: Frame, top: number, shift = 0): string {
  const start = -200 - (shift % 80);
  const waves = Array.from({ length: Math.ceil((width + 400) / 80) }, () => 'q 20 -5 40 0 t 40 0');
  return `M ${start} ${top} ${waves.join(' ')}`;
}
