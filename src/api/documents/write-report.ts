import type { Json } from '../../core/json.ts';
import type { Portfolio } from '../../core/portfolio.ts';
import { reportToJson, shockToJson } from '../../engine/report-json.ts';
import { type AnswerOptions, computeAnswer } from '../../service/portfolio/wallet-report.ts';

/** A report as `plimsoll wallet --json` writes it; with what moved prices would make of it where a shock is asked for. */
export function writeReport(portfolio: Portfolio, options: AnswerOptions): Json {
  const { report, shocked } = computeAnswer(portfolio, options);
  const document = reportToJson(report);
  if (shocked === null || document === null || typeof document !== 'object' || Array.isArray(document)) return document;
  return { ...(document as { readonly [key: string]: Json }), shocked: shockToJson(shocked) };
}
