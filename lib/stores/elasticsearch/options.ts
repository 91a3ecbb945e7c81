import { X509Certificate } from 'node:crypto'
import type { Caller } from '../../core/caller'
import type { OptionTable } from '../../core/check-options'
import { checkOptions, rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { systemClock } from '../../core/clock'
import { isObject } from '../../core/is-object'
import type { MeterProvider } from '../../core/meter'
import type { ElasticsearchClient } from './cluster/client-transport'
import { ClientTransport } from './cluster/client-transport'
import { Connections } from './cluster/connections'
import { asServiceAccount, runAs, withOwnCredentials } from './cluster/identity'
import { clusterMetrics } from './cluster/metrics'
import type { Transport } from './cluster/transport'
import { UrlTransport } from './cluster/url-transport'
import { readSealingKeys } from './ids/sealing-keys'

/** The options of {@link ElasticsearchStore}. It needs `sealingKeys`, and either `client` or `url`. */
export interface ElasticsearchStoreOptions {
  /**
   * The application's own `Client` of `@elastic/elasticsearch`, 8.13 or later. Its nodes, TLS, credentials and retries
   * apply, but a submit and a synchronous query are never retried. This or `url`.
   */
  client?: ElasticsearchClient
  /** The cluster's address, for applications without the client: `https://es.example:9200`. This or `client`. */
  url?: string | URL
  /**
   * With `url`: headers of every request. The credentials of the service account go here, as `authorization`.
   *
   * @default none
   */
  headers?: Readonly<Record<string, string>>
  /** With an https `url`: certificates to trust, in PEM. @default those of the system */
  ca?: string | Buffer
  /**
   * With `url`: how many connections to the cluster may be open at a time, at least 2. Waits use five eighths of them
   * at most. A wait that finds none free within a second answers 429, or with the state that it knows. With `client`,
   * the client's own pool decides.
   *
   * @default 1_000
   */
  maxConnections?: number
  /**
   * The keys that seal query ids: texts that {@link newSealingKey} made, the same for every replica. The first one
   * seals, all of them open. To rotate, add a fresh key at the end on every replica, then move it to the front, and remove
   * the old one when the queries that it sealed have expired.
   */
  sealingKeys: readonly string[]
  /**
   * The user of the cluster that a caller acts as (`es-security-runas-user`), so that document-level security,
   * field-level security and the audit log apply to that user. The service account needs the `run_as` privilege for
   * each of them. `undefined` refuses the caller with 403. Give each caller a user of its own: those who share one with the
   * privilege `monitor_esql` could list and read each other's queries. Not together with `forwardAuthorization`.
   *
   * With `userClaim` of {@link jwtCaller}: `({ user }) => user`.
   *
   * @default the service account acts
   */
  runAs?: (caller: Caller) => string | undefined
  /**
   * `true` sends the caller's own `Authorization` header to the cluster instead of the service account's. The cluster
   * needs a JWT realm that takes the same tokens. @default false
   */
  forwardAuthorization?: boolean
  /**
   * Longest time, in milliseconds, that one request asks the cluster to wait. The store makes longer waits of several
   * requests. Stay below the time limits of what is between gateway and cluster, and of the client. @default 15_000
   */
  upstreamWaitMs?: number
  /** How long an answer of the cluster may take beyond the wait that it was asked for, in milliseconds. @default 30_000 */
  requestTimeoutMs?: number
  /**
   * Ends queries that nobody polls for this many milliseconds, at least 1_000. The cluster keeps a query only that
   * long, and each poll renews it. A finished result that is polled gets the keep-alive that its caller asked for.
   * Clients that submit and come back later than this find nothing. @default off
   */
  abandonAfterMs?: number
  /** Receives measurements of requests to the cluster. @default the global one of `@opentelemetry/api` */
  meterProvider?: MeterProvider
  /** Time. Replace it in tests. @default the time of the machine */
  clock?: Clock
}

const NAME = 'ElasticsearchStore'

export const ELASTICSEARCH_STORE_OPTIONS = {
  client: {
    expected: 'a Client of @elastic/elasticsearch',
    fits: (value) => typeof (value as ElasticsearchClient | null)?.transport?.request === 'function',
    printable: false,
  },
  // It may hold a password.
  url: { expected: 'an http or https URL without credentials', fits: isUrl, printable: false },
  headers: {
    expected: 'an object of texts',
    fits: (value) => isObject(value) && Object.values(value).every((text) => typeof text === 'string'),
    printable: false,
    defaultInWords: 'none',
  },
  ca: {
    expected: 'certificates in PEM',
    fits: areCertificates,
    printable: false,
    defaultInWords: 'those of the system',
  },
  maxConnections: {
    expected: 'a number >= 2',
    fits: (value) => typeof value === 'number' && value >= 2,
    default: 1_000,
  },
  sealingKeys: {
    expected: 'a list of keys that newSealingKey() has made',
    fits: (value) => Array.isArray(value) && value.every((key) => typeof key === 'string'),
    printable: false,
    required: true,
  },
  runAs: { ...rules.function, defaultInWords: 'the service account acts' },
  forwardAuthorization: { ...rules.boolean, default: false },
  upstreamWaitMs: { ...rules.positiveNumber, default: 15_000 },
  requestTimeoutMs: { ...rules.positiveNumber, default: 30_000 },
  abandonAfterMs: {
    expected: 'a number >= 1000',
    fits: (value) => typeof value === 'number' && value >= 1_000,
    defaultInWords: 'off',
  },
  meterProvider: rules.meterProvider,
  clock: { ...rules.object, default: systemClock, defaultInWords: 'the time of the machine' },
} as const satisfies OptionTable<ElasticsearchStoreOptions>

/** Checks the options, and makes the parts of the store that they describe. */
export function resolveElasticsearchOptions(options: ElasticsearchStoreOptions) {
  const completed = checkOptions(NAME, options, ELASTICSEARCH_STORE_OPTIONS)
  const { runAs: userOf, forwardAuthorization, abandonAfterMs, upstreamWaitMs, clock } = completed
  if (userOf && forwardAuthorization) {
    throw new TypeError(`${NAME} takes \`runAs\` or \`forwardAuthorization\`, not both`)
  }
  const metrics = clusterMetrics(completed.meterProvider)
  const most = options.client ? Number.POSITIVE_INFINITY : completed.maxConnections
  return {
    metrics,
    transport: transportOf(options, completed.maxConnections),
    connections: new Connections(most, clock, metrics),
    sealingKeys: readSealingKeys(completed.sealingKeys),
    identify: userOf ? runAs(userOf) : forwardAuthorization ? withOwnCredentials : asServiceAccount,
    gatewayRefusals: forwardAuthorization ? [] : userOf ? ([401] as const) : ([401, 403] as const),
    forwardsAuthorization: forwardAuthorization,
    knowsCallers: userOf !== undefined || forwardAuthorization,
    // Two waits fit into the time after which a query counts as abandoned, so that each can renew it.
    upstreamWaitMs: Math.min(upstreamWaitMs, (abandonAfterMs ?? Number.POSITIVE_INFINITY) / 2),
    requestTimeoutMs: completed.requestTimeoutMs,
    abandonAfterMs,
    clock,
  }
}

function transportOf(
  { client, url, headers, ca, maxConnections: given }: ElasticsearchStoreOptions,
  maxConnections: number,
): Transport {
  if ((client === undefined) === (url === undefined)) {
    throw new TypeError(
      `${NAME} needs \`client\`, a Client of @elastic/elasticsearch, or \`url\`, and not both`,
    )
  }
  if (client) {
    if (headers ?? ca) throw new TypeError(`${NAME} takes \`headers\` and \`ca\` only with \`url\``)
    if (given) throw new TypeError(`${NAME} takes \`maxConnections\` only with \`url\``)
    return new ClientTransport(client)
  }
  if (ca !== undefined && new URL(url ?? '').protocol === 'http:') {
    throw new TypeError(`${NAME} takes \`ca\` only with an https \`url\``)
  }
  const lowerCase = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  return new UrlTransport({
    url: new URL(url ?? ''),
    headers: Object.fromEntries(lowerCase),
    ca,
    maxConnections,
  })
}

function isUrl(value: unknown): boolean {
  if (!URL.canParse(String(value))) return false
  const { protocol, username, password, search, hash } = new URL(String(value))
  const isPlain = [username, password, search, hash].every((part) => part === '')
  return isPlain && (protocol === 'http:' || protocol === 'https:')
}

/** TLS itself skips what is no certificate, and then trusts nobody, or fewer than was meant. */
function areCertificates(value: unknown): boolean {
  const blocks = String(value).split(/(?=-----BEGIN )/)
  const pems = blocks.filter((block) => /^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(block))
  try {
    return pems.length > 0 && pems.every((pem) => new X509Certificate(pem))
  } catch {
    return false
  }
}
