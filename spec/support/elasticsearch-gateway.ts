import { Client } from '@elastic/elasticsearch'
import { ElasticsearchStore, newSealingKey } from 'express-esql-async-query'
import { ManualClock } from '../../lib/test-kit/manual-clock'
import { API_KEY, SERVICE_ACCOUNT } from './cluster'
import type { Gateway, GatewayOptions } from './gateway'
import { startGateway } from './gateway'

/** The ways to reach a cluster. */
export const TRANSPORTS = ['url', 'client'] as const
export type TransportName = (typeof TRANSPORTS)[number]

export type StoreOptions = Partial<ConstructorParameters<typeof ElasticsearchStore>[0]>

/** A store for one of the transports, and a function that ends it together with its client. */
export interface BenchStore {
  store: ElasticsearchStore
  close(): Promise<void>
}

/** A store in front of a cluster, with or without a client of the application. */
export function createStore(name: TransportName, url: string, options: StoreOptions = {}): BenchStore {
  const sealingKeys = [newSealingKey()]
  if (name === 'url') {
    const headers = { authorization: SERVICE_ACCOUNT.authorization }
    const store = new ElasticsearchStore({ url, headers, sealingKeys, ...options })
    return { store, close: () => store.close() }
  }
  const client = new Client({ node: url, auth: { apiKey: API_KEY.encoded }, maxRetries: 0 })
  const store = new ElasticsearchStore({ client, sealingKeys, ...options })
  return {
    store,
    async close() {
      await store.close()
      await client.close()
    },
  }
}

/** A gateway whose queries are in a cluster. */
export interface ElasticsearchGateway extends Gateway {
  store: ElasticsearchStore
  /** The time of the store. It stands still. */
  storeClock: ManualClock
}

export async function startElasticsearchGateway(
  transport: TransportName,
  clusterUrl: string,
  { store: storeOptions, ...options }: Omit<GatewayOptions, 'store'> & { store?: StoreOptions } = {},
): Promise<ElasticsearchGateway> {
  const storeClock = new ManualClock()
  const { store, close } = createStore(transport, clusterUrl, { clock: storeClock, ...storeOptions })
  const gateway = await startGateway({ ...options, store })
  return {
    ...gateway,
    store,
    storeClock,
    async close() {
      await gateway.close()
      await close()
    },
  }
}
