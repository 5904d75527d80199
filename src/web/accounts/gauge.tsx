import type { VNode } from 'preact';

const FROM = 0.5;
const TO = 2;
const WIDTH = 240;

/** A small scale from 0.5 to 2 with the line at 1; the number stands beside it in words. */
export function Gauge({ level }: { readonly level: number | null }): VNode | null {
  if (level === null) return null;
  const x = placeOf(level);
  return (
    <svg class={`gauge ${level < 1 ? 'gauge-under' : ''}`} viewBox={`0 0 ${WIDTH} 26`} aria-hidden="true" focusable="false">
      <rect class="gauge-lost" x="0" y="10" width={placeOf(1)} height="5" rx="2.5" />
      <rect class="gauge-room" x={placeOf(1)} y="10" width={WIDTH - placeOf(1)} height="5" rx="2.5" />
      {x > placeOf(1) ? <rect class="gauge-have" x={placeOf(1)} y="10" width={x - placeOf(1)} height="5" /> : <rect class="gauge-lack" x={x} y="10" width={placeOf(1) - x} height="5" />}
      <line class="gauge-line" x1={placeOf(1)} y1="3" x2={placeOf(1)} y2="22" />
      <path class="gauge-mark" d={`M ${x} 9 l -5 -8 h 10 Z`} />
    </svg>
  );
}

function placeOf(level: number): number {
  return ((Math.min(Math.max(level, FROM), TO) - FROM) / (TO - FROM)) * (WIDTH - 8) + 4;
}
