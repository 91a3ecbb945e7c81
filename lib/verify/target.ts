import { withScheme } from '../core/with-scheme'

/** What a check needs beyond a server and a query that completes. */
export type Need = 'runs' | 'fails' | 'token' | 'stranger'

/** The server to verify, and what to ask it. */
export interface EsqlAsyncApi {
  /** Where the API is: the URL in front of `/_query/async`. A function gives it when the tests run, as it does for tokens. */
  url: string | (() => string | Promise<string>)
  /**
   * Two different callers. A text is a token, sent as `Bearer`; one with a blank is a whole `Authorization`, such as
   * `ApiKey …`. Without `alice`, requests have no `Authorization`. Without `mallory`, nothing is asked about owners.
   */
  as?: { alice?: EsqlAsyncApi['url']; mallory?: EsqlAsyncApi['url'] }
  queries?: {
    /** A query that completes at once, with some rows and types. @default 'ROW x = 1' */
    completes?: string
    /** A query that runs for a minute or longer. Left out, nothing is asked about waits and stops. */
    runs?: string
    /** A query that fails at once. Left out, nothing is asked about failures. */
    fails?: string
  }
  /** The release of Elasticsearch that the server should behave like. @default '9.5' */
  release?: string
  /** How long an answer may take, beyond its wait, in milliseconds. @default 10_000 */
  patienceMs?: number
}

export interface ResolvedTarget {
  url(): Promise<string>
  authorization(who: 'owner' | 'stranger'): Promise<string | undefined>
  queries: { completes: string; runs: string; fails: string }
  patienceMs: number
  /** Why a check that needs this cannot be asked. */
  lacks(need: Need): string | undefined
  /** Whether it should behave like this release, or a later one. */
  isAtLeast(release: string): boolean
}

const RELEASE = /^(\d+)\.(\d+)(\.\d+)?$/

/** Throws a `TypeError` for a release that is none. */
export function resolveTarget({
  url,
  as = {},
  queries = {},
  release = '9.5',
  patienceMs = 10_000,
}: EsqlAsyncApi): ResolvedTarget {
  if (!RELEASE.test(release)) throw new TypeError(`The release must be like 9.5, got \`${release}\``)
  const { completes = 'ROW x = 1', runs, fails } = queries
  const lacking: Readonly<Record<Need, string | undefined>> = {
    runs: runs === undefined ? 'no query that runs' : undefined,
    fails: fails === undefined ? 'no query that fails' : undefined,
    token: as.alice === undefined ? 'no token' : undefined,
    stranger: as.mallory === undefined ? 'no second token' : undefined,
  }
  return {
    url: () => textOf(url),
    async authorization(who) {
      const given = who === 'owner' ? as.alice : as.mallory
      if (given === undefined) return undefined
      return withScheme('Bearer', await textOf(given))
    },
    queries: { completes, runs: runs ?? '', fails: fails ?? '' },
    patienceMs,
    lacks: (need) => lacking[need],
    isAtLeast: (other) => compareReleases(release, other) >= 0,
  }
}

async function textOf(given: EsqlAsyncApi['url']): Promise<string> {
  return typeof given === 'string' ? given : given()
}

export function isRelease(text: string): boolean {
  return RELEASE.test(text)
}

function compareReleases(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major - otherMajor || minor - otherMinor
}
