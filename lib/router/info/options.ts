import type { ResolveCaller } from '../../core/caller'
import { refuseCallerMaker } from '../../core/caller'
import type { OptionTable } from '../../core/check-options'
import { checkOptions } from '../../core/check-options'
import type { Logger } from '../../core/logger'
import type { AsyncQueryStore } from '../../core/store'
import { ROUTER_OPTIONS } from '../options'

/** The options of {@link esqlProductInfo}. */
export interface ProductInfoOptions {
  /** That of the router. A store in front of a cluster gives the cluster's own answer. */
  store: AsyncQueryStore
  /** That of the router. Elasticsearch tells nobody about itself without credentials either. */
  resolveCaller: ResolveCaller
  /** The release of Elasticsearch that clients take the gateway for, unless there is a cluster. @default '9.5.0' */
  version?: string
  /** Receives why the answer is a 500 or a 503. @default the console */
  logger?: Logger
}

const { store, resolveCaller, logger } = ROUTER_OPTIONS

export const PRODUCT_INFO_OPTIONS = {
  store,
  resolveCaller,
  version: {
    expected: 'a version such as 9.5.0',
    fits: (value) => typeof value === 'string' && /^\d{1,3}\.\d{1,3}\.\d{1,3}(-[\w.-]+)?$/.test(value),
    default: '9.5.0',
  },
  logger,
} as const satisfies OptionTable<ProductInfoOptions>

const NAME = 'esqlProductInfo'

export function resolveProductInfoOptions(options: ProductInfoOptions) {
  const completed = checkOptions(NAME, options, PRODUCT_INFO_OPTIONS)
  refuseCallerMaker(NAME, completed.resolveCaller)
  return completed
}
