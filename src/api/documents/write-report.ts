import type { Json } from '../../core/json.ts';
import type { Portfolio } from '../../core/portfolio.ts';
import { reportToJson, shockToJson } from '../../engine/report-json.ts';
import type { ShockedWallet } from '../../engine/shock.ts';
import { type AnswerOptions, computeAnswer, computeShocked } from '../../service/portfolio/wallet-report.ts';

/** A report as `plimsoll wallet --json` writes it; with what moved prices would make of it where a shock is asked for. */
export function writeReport(portfolio: Portfolio, options: AnswerOptions): Json {
  const { report, shocked } = computeAnswer(portfolio, options);
  const document = reportToJson(report);
  return shocked === null ? document : withShocked(document, shocked);
}

/** A report that is written already, with what moved prices would make of it: of both, the report takes ten times as long. */
export function addShocked(report: Json, portfolio: Portfolio, shock: string): Json {
  return withShocked(report, computeShocked(portfolio, shock));
}

function withShocked(report: Json, shocked: ShockedWallet): Json {
  return { ...(report as { readonly [key: string]: Json }), shocked: shockToJson(shocked) };
}
