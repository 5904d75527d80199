import Table from 'cli-table3';
import type { Command } from 'commander';
import { encodeJson } from '../../core/json.ts';
import { PROTOCOLS } from '../../protocols/registry.ts';
import type { Console } from '../console.ts';

/** `plimsoll protocols`: what is supported, and how exactly. */
export function addProtocolsCommand(program: Command, console: Console): void {
  program
    .command('protocols')
    .description('what is supported: rules, deployments, precision')
    .action(() => {
      const rows = PROTOCOLS.map((protocol) => ({
        protocol: protocol.id,
        label: protocol.label,
        rules: protocol.rules.map((rule) => rule.id),
        // The chain makes every rule exact; a subgraph alone lacks oracle prices and accumulators everywhere.
        precision: { withChain: 'exact', withSubgraphOnly: protocol.deployments.length === 0 ? 'as the book says' : 'estimate' },
        deployments: protocol.deployments.map((deployment) => ({
          id: deployment.id,
          chain: deployment.chain,
          label: deployment.label,
          market: deployment.market,
          subgraph: deployment.subgraph === null ? null : 'id' in deployment.subgraph ? deployment.subgraph.id : deployment.subgraph.url,
          source: deployment.source,
        })),
      }));
      console.output(encodeJson(rows), () => {
        const table = new Table({ head: ['protocol', 'rules', 'with a chain', 'subgraph only', 'deployments'], style: { head: [], border: [] }, wordWrap: true, colWidths: [18, 32, 14, 15, 48] });
        for (const row of rows) {
          table.push([row.label, row.rules.join(' '), row.precision.withChain, row.precision.withSubgraphOnly, row.deployments.map((deployment) => deployment.id).join(' ')]);
        }
        return `${table.toString()}\n`;
      });
    });
}
