import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type Address, parseChain, toAddress } from '../../core/ids.ts';
import { planToJson } from '../../service/plan/json.ts';
import { type PlanAnswer, planWallet } from '../../service/plan/plan-wallet.ts';
import { DEFAULT_PLAN, type PlanRequest, type PlanView } from '../../service/plan/request.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit.ts';
import { renderPlan } from '../render/plan-text.ts';

interface PlanFlags {
  readonly target?: string;
  readonly targetNative: boolean;
  readonly unified?: string;
  readonly view: PlanView;
  readonly shock?: string;
  readonly budgetMs: string;
  readonly order: PlanRequest['order'];
  readonly cash?: string;
  readonly gasUsd?: string;
  readonly slippage: string;
  readonly calldata: boolean;
  readonly acceptGaps: boolean;
  readonly executor?: string;
  readonly poolFee?: string;
  readonly chain?: string[];
  readonly recorded?: string;
}

/** `plimsoll plan`: the cheapest path, beside what happens if nothing is done. */
export function addPlanCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('plan')
    .description('the cheapest way back to a target, with its certificate, beside what the protocols would do by themselves')
    .argument('<wallet>', 'address, or portfolio.json')
    .option('--target <health>', 'health that every account must reach, as in 1.25', String(DEFAULT_PLAN.target))
    .option('--target-native', "the target is meant in each protocol's own terms (differs for perps)", false)
    .option('--unified <health>', 'unified health factor to reach as well')
    .addOption(
      new Option('--view <view>', 'self: your own path; forced: what liquidations would do; liquidator: what one would earn').choices(['self', 'forced', 'liquidator']).default(DEFAULT_PLAN.view),
    )
    .option('--shock <moves>', 'self: every account must still stand after it; other views: look at these prices; as in ETH=-20%')
    .option('--budget-ms <ms>', 'wall time for the solver', String(DEFAULT_PLAN.budgetMs))
    .addOption(new Option('--order <order>', 'sequence: calls of your own, no loan; executor: one flash-loan transaction').choices(['any', 'sequence', 'executor']).default(DEFAULT_PLAN.order))
    .option('--cash <amounts>', 'what may be paid from the wallet, as in USDC=1000 (read from the chain where an RPC endpoint is set)')
    .option('--gas-usd <usd>', 'cost of one action (by the gas price where an RPC endpoint is set, else assumed)')
    .option('--slippage <percent>', 'what a swap may give less than expected', String(DEFAULT_PLAN.priceHeadRoom * 100))
    .option('--calldata', 'unsigned calls for every step, simulated where an RPC endpoint is set', false)
    .option('--accept-gaps', 'calldata although something could not be seen', false)
    .option('--executor <address>', 'your own PlimsollExecutor')
    .option('--pool-fee <pips>', 'send swaps to Uniswap v3 pools of this fee where no pool was read (500 = 0.05 %)')
    .option('--chain <chain...>', 'only these chains (CAIP-2 or number)')
    .option('--recorded <name>', 'read this recorded data set')
    .action(async (subject: string, flags: PlanFlags) => {
      const request = readRequest(subject, flags);
      console.progress(`Planning for ${subject}`);
      const answer = await planWallet(request, config());
      console.output(planToJson(answer), () => renderPlan(answer));
      console.exit(exitCodeOf(answer));
    });
}

function readRequest(subject: string, flags: PlanFlags): PlanRequest {
  return {
    subject,
    view: flags.view,
    target: readNumber('--target', flags.target ?? ''),
    native: flags.targetNative,
    unified: flags.unified === undefined ? null : readNumber('--unified', flags.unified),
    shock: flags.shock ?? null,
    budgetMs: readNumber('--budget-ms', flags.budgetMs),
    order: flags.order,
    cash: flags.cash ?? null,
    gasUsd: flags.gasUsd === undefined ? null : readNumber('--gas-usd', flags.gasUsd),
    priceHeadRoom: readNumber('--slippage', flags.slippage) / 100,
    calldata: flags.calldata,
    acceptGaps: flags.acceptGaps,
    executor: flags.executor === undefined ? null : readAddress(flags.executor),
    poolFee: flags.poolFee === undefined ? null : readPoolFee(flags.poolFee),
    ...(flags.chain === undefined ? {} : { chains: flags.chain.flatMap((entry) => entry.split(',')).map(parseChain) }),
    ...(flags.recorded === undefined ? {} : { recorded: flags.recorded }),
  };
}

function readNumber(flag: string, text: string): number {
  if (/^[0-9]{1,12}(?:\.[0-9]{1,18})?$/.test(text.trim())) return Number(text);
  throw new InvalidArgument(`${flag} "${text}" is not a number. Write it as in ${flag} ${flag === '--budget-ms' ? '500' : '1.25'}.`);
}

function readPoolFee(text: string): number {
  if (['100', '500', '3000', '10000'].includes(text)) return Number(text);
  throw new InvalidArgument(`--pool-fee "${text}" is no fee of Uniswap v3. It has 100, 500, 3000 and 10000 (hundredths of a basis point).`);
}

function readAddress(text: string): Address {
  try {
    return toAddress(text);
  } catch {
    throw new InvalidArgument(`--executor "${text}" is not an address.`);
  }
}

/** Incomplete is 3; no plan, and calldata that was asked for and cannot be had, or fails, is 5. */
function exitCodeOf({ gaps, self, refused }: PlanAnswer): number {
  const { transactions = null, simulations = [] } = self ?? {};
  if (refused !== null) return refused.exitCode;
  if (transactions?.kind === 'incomplete' || simulations.some((simulation) => simulation.kind === 'failed')) return EXIT.refused;
  return gaps.length > 0 ? EXIT.incomplete : EXIT.ok;
}
