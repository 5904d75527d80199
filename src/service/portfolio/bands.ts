import type { Config } from '../../config.ts';
import { Decimal } from '../../core/decimal.ts';
import { type Bands, DEFAULT_BANDS } from '../../engine/report.ts';

/** The bands that a configuration asks for: the same for a report, the service and the watch of wallets. */
export function bandsOf({ bands }: Pick<Config, 'bands'>): Bands {
  return bands === null ? DEFAULT_BANDS : { warning: new Decimal(bands.warning), critical: new Decimal(bands.critical) };
}
