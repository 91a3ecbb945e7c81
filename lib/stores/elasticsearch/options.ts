import type { Caller } from '../../core/caller'
import type { OptionRules } from '../../core/check-options'
import { checkOptions, rules } from '../../core/check-options'
import type { Clock } from '../../core/clock'
import { systemClock } from '../../core/clock'
import type { ElasticsearchClient } from './cluster/client-transport'
import { ClientTransport } from './cluster/client-transport'
import type { Identify } from './cluster/identity'
import { asServiceAccount, runAs, withOwnCredentials } from './cluster/identity'
import type { Transport } from './cluster/transport'
import { UrlTransport } from './cluster/url-transport'
import type { SealingKey } from './ids/sealing-keys'
import { readSealingKeys } from './ids/sealing-keys'

export interface ElasticsearchStoreOptions {
  /**
   * The application's own `Client` of `@elastic/elasticsearch`, 8.13 or later. Its nodes, TLS, credentials and retries
   * apply; a submit is never retried. This or `url`.
   */
  client?: ElasticsearchClient
  /** The cluster's address, for those without the client: `https://es.example:9200`. This or `client`. */
  url?: string | URL
  /** With `url`: sent with every request. The credentials of the service account go here, as `authorization`. */
  headers?: Readonly<Record<string, string>>
  /** With `url`: certificates, PEM, to trust in place of those of the system. */
  ca?: string | Buffer
  /**
   * What query ids are sealed with: texts that {@link newSealingKey} has made, the same for every replica. The first
   * one seals, all of them open. To rotate, put a fresh key first and take the old one away when the queries it has
   * sealed have expired.
   */
  sealingKeys: readonly string[]
  /**
   * The user of the cluster that a caller acts as (`es-security-runas-user`), so that document-level security,
   * field-level security and the audit log apply to that user. The service account needs the `run_as` privilege for
   * each of them. `undefined` refuses the caller with 403. Not together with `forwardAuthorization`.
   *
   * With `userClaim` of {@link jwtCaller}: `({ user }) => user`.
   *
   * @default the service account acts
   */
  runAs?: (caller: Caller) => string | undefined
  /**
   * The cluster gets the caller's own `Authorization` header instead of the service account's: it has a JWT realm
   * that takes the same tokens. @default false
   */
  forwardAuthorization?: boolean
  /**
   * Longest time, in milliseconds, that the cluster is asked to wait in one request; longer waits are made of several.
   * Stay below the time limits of what is between gateway and cluster, and of the client. @default 15_000
   */
  upstreamWaitMs?: number
  /**
   * How long an answer of the cluster may take beyond the wait that it was asked for, in milliseconds. @default 30_000
   */
  requestTimeoutMs?: number
  /**
   * Queries that nobody polls for this many milliseconds stop by themselves: the cluster keeps them no longer, until
   * a poll renews it; a finished result that is polled gets the keep-alive that its caller asked for. At least 1_000.
   * Clients that submit and come back later than this find nothing. @default off
   */
  abandonAfterMs?: number
  /** Time. Replace it in tests. @default the time of the machine */
  clock?: Clock
}

/** The options, checked and completed. */
export interface ResolvedElasticsearchOptions {
  transport: Transport
  sealingKeys: readonly [SealingKey, ...SealingKey[]]
  identify: Identify
  forwardsAuthorization: boolean
  upstreamWaitMs: number
  requestTimeoutMs: number
  abandonAfterMs: number | undefined
  clock: Clock
}

const NAME = 'ElasticsearchStore'

const OPTIONS: OptionRules = {
  client: {
    expected: 'a Client of @elastic/elasticsearch',
    fits: (value) => typeof (value as ElasticsearchClient | null)?.transport?.request === 'function',
    printable: false,
  },
  // It may hold a password.
  url: { expected: 'an http or https URL without credentials', fits: isUrl, printable: false },
  headers: { expected: 'an object of texts', fits: isHeaders, printable: false },
  ca: {
    expected: 'certificates in PEM',
    fits: (value) => typeof value === 'string' || Buffer.isBuffer(value),
    printable: false,
  },
  sealingKeys: {
    expected: 'a list of keys that newSealingKey() has made',
    fits: (value) => Array.isArray(value) && value.every((key) => typeof key === 'string'),
    printable: false,
    required: true,
  },
  runAs: rules.function,
  forwardAuthorization: rules.boolean,
  upstreamWaitMs: rules.positiveNumber,
  requestTimeoutMs: rules.positiveNumber,
  abandonAfterMs: {
    expected: 'a number >= 1000',
    fits: (value) => typeof value === 'number' && value >= 1_000,
  },
  clock: rules.object,
}

export function resolveElasticsearchOptions(
  options: ElasticsearchStoreOptions,
): ResolvedElasticsearchOptions {
  checkOptions(NAME, options, OPTIONS)
  const { runAs: userOf, forwardAuthorization = false, abandonAfterMs, upstreamWaitMs = 15_000 } = options
  if (userOf && forwardAuthorization) {
    throw new TypeError(`${NAME} takes \`runAs\` or \`forwardAuthorization\`, not both`)
  }
  return {
    transport: transportOf(options),
    sealingKeys: readSealingKeys(options.sealingKeys),
    identify: userOf ? runAs(userOf) : forwardAuthorization ? withOwnCredentials : asServiceAccount,
    forwardsAuthorization: forwardAuthorization,
    // Two waits fit into the time after which a query counts as abandoned, so that each can renew it.
    upstreamWaitMs: Math.min(upstreamWaitMs, (abandonAfterMs ?? Number.POSITIVE_INFINITY) / 2),
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    abandonAfterMs,
    clock: options.clock ?? systemClock,
  }
}

function transportOf({ client, url, headers, ca }: ElasticsearchStoreOptions): Transport {
  if ((client === undefined) === (url === undefined)) {
    throw new TypeError(
      `${NAME} needs \`client\`, a Client of @elastic/elasticsearch, or \`url\`, and not both`,
    )
  }
  if (client) {
    if (headers ?? ca) throw new TypeError(`${NAME} takes \`headers\` and \`ca\` only with \`url\``)
    return new ClientTransport(client)
  }
  const lowerCase = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  return new UrlTransport({ url: new URL(url ?? ''), headers: Object.fromEntries(lowerCase), ca })
}

function isUrl(value: unknown): boolean {
  if (!URL.canParse(String(value))) return false
  const { protocol, username, password, search, hash } = new URL(String(value))
  const isPlain = [username, password, search, hash].every((part) => part === '')
  return isPlain && (protocol === 'http:' || protocol === 'https:')
}

function isHeaders(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string')
  )
}
