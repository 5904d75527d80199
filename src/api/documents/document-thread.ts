import { parentPort } from 'node:worker_threads';
import { InternalError, isPlimsollError } from '../../core/errors.ts';
import { parsePortfolio } from '../../core/portfolio.ts';
import { planToJson } from '../../service/plan/json.ts';
import { planPortfolio } from '../../service/plan/plan-wallet.ts';
import { bandsOf } from '../../service/portfolio/bands.ts';
import type { DocumentOutcome, DocumentTask } from './document-task.ts';
import { writeReport } from './write-report.ts';

/** The thread that works on documents from elsewhere: whatever they ask for, it keeps nobody else waiting. */
const port = parentPort;
if (port === null) throw new InternalError('The thread of documents is started by the service, not by itself.');
port.on('message', (task: DocumentTask) => {
  void outcomeOf(task).then((outcome) => port.postMessage(outcome));
});

async function outcomeOf(task: DocumentTask): Promise<DocumentOutcome> {
  try {
    return { kind: 'answer', json: JSON.stringify(await work(task)) };
  } catch (error) {
    if (isPlimsollError(error)) return { kind: 'refused', code: error.code, message: error.message, fields: error.fields };
    return error instanceof Error ? { kind: 'defect', name: error.name, stack: error.stack ?? '' } : { kind: 'defect', name: typeof error, stack: '' };
  }
}

async function work(task: DocumentTask): Promise<unknown> {
  const body: unknown = JSON.parse(task.text);
  if (task.kind === 'health') return writeReport(parsePortfolio(body), { bands: bandsOf(task), shock: task.shock ?? undefined });
  const { portfolio } = body as { readonly portfolio: unknown };
  return planToJson(await planPortfolio(parsePortfolio(portfolio), task.request, { config: task.config, trust: 'document' }));
}
