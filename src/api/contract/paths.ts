/** Every operation's method and address; the rest of the contract stands beside them in operations.ts. Without schemas, so that a page can carry it. */
export const PATHS = {
  getWallet: { method: 'get', path: '/v1/wallets/{wallet}' },
  getWalletPortfolio: { method: 'get', path: '/v1/wallets/{wallet}/portfolio' },
  planWallet: { method: 'post', path: '/v1/wallets/{wallet}/plan' },
  computeHealth: { method: 'post', path: '/v1/health' },
  planPortfolio: { method: 'post', path: '/v1/plan' },
  listOpportunities: { method: 'get', path: '/v1/opportunities' },
  createProof: { method: 'post', path: '/v1/proofs' },
  getProof: { method: 'get', path: '/v1/proofs/{id}' },
  verifyProof: { method: 'post', path: '/v1/proofs/verify' },
  listAttestors: { method: 'get', path: '/v1/attestors' },
  listProtocols: { method: 'get', path: '/v1/protocols' },
  listRecorded: { method: 'get', path: '/v1/recorded' },
  createWebhook: { method: 'post', path: '/v1/webhooks' },
  listWebhooks: { method: 'get', path: '/v1/webhooks' },
  deleteWebhook: { method: 'delete', path: '/v1/webhooks/{id}' },
  rotateWebhookSecret: { method: 'post', path: '/v1/webhooks/{id}/secret' },
  streamEvents: { method: 'get', path: '/v1/stream' },
  getLiveness: { method: 'get', path: '/healthz' },
  getReadiness: { method: 'get', path: '/readyz' },
  getMetrics: { method: 'get', path: '/metrics' },
} as const satisfies Record<string, { readonly method: 'get' | 'post' | 'delete'; readonly path: string }>;

/** The name of an operation. */
export type OperationId = keyof typeof PATHS;
