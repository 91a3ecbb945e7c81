import type { ElasticsearchStoreOptions } from '../../index'
import { ElasticsearchStore, newSealingKey, ownerOf } from '../../index'
import { askRelease } from '../../record/cluster-recorder'
import { readCluster, readElasticsearch } from '../../server/elasticsearch-settings'
import type { GivenSettings } from '../../server/given-settings'
import { SETTINGS, variableOf } from '../../server/settings'
import type { Answer, Finding } from './finding'
import { ok, skipped } from './finding'

/** The longest time for an answer, in milliseconds. */
const ANSWER_MS = 10_000

const URL_NAME = variableOf(SETTINGS.elasticsearchUrl)

export async function askCluster(given: GivenSettings): Promise<Answer> {
  const options = readCluster(given)
  if (!options) return skipped(`${URL_NAME} is not set`)
  return withStore(options, async (store) => {
    await store.check(AbortSignal.timeout(ANSWER_MS))
    // Without a caller, there is no token that the cluster would tell its release.
    if (options.forwardAuthorization) return ok(`it answers at ${options.url}`)
    return ok(`Elasticsearch ${(await askRelease(store)) ?? ''} at ${options.url}`)
  })
}

/** Runs a query that reads nothing, and of which the cluster keeps nothing. */
export async function askForQuery(given: GivenSettings, said: readonly Finding[]): Promise<Answer> {
  const answered = said.some(({ check, outcome }) => check === 'cluster' && outcome === 'ok')
  const options = answered ? readCluster(given) : undefined
  if (!options) return skipped('there is no cluster that answers')
  if (options.forwardAuthorization) return skipped('the cluster gets the tokens of callers, and here is none')
  const owner = ownerOf('express-esql-async-query', 'check')
  return withStore(options, async (store) => {
    const times = { waitForCompletionTimeoutMs: ANSWER_MS, keepAliveMs: 60_000, keepOnCompletion: false }
    const query = await store.submit({ query: 'ROW ok = 1' }, owner, times)
    if (!query.isRunning) return ok('the service account may run ES|QL async queries')
    await store.delete(query.id, owner)
    return { outcome: 'warning', says: `a query that reads nothing ran for more than ${ANSWER_MS / 1_000} s` }
  })
}

export async function askForSealingKeys(given: GivenSettings, said: readonly Finding[]): Promise<Answer> {
  if (given.sourceOf(SETTINGS.elasticsearchUrl) === undefined) return skipped('just a cluster needs them')
  try {
    const count = readElasticsearch(given)?.sealingKeys.length ?? 0
    return ok(count === 1 ? 'one key' : `${count} keys; the first one seals`)
  } catch (error) {
    const isSaid = said.some(({ says }) => error instanceof Error && says === error.message)
    if (!isSaid) throw error
    return skipped('the settings of the cluster come first')
  }
}

/** Asks as the service account, whoever the cluster sees later. */
async function withStore(
  { runAs: _, ...options }: Omit<ElasticsearchStoreOptions, 'sealingKeys'>,
  ask: (store: ElasticsearchStore) => Promise<Answer>,
): Promise<Answer> {
  const store = new ElasticsearchStore({
    ...options,
    sealingKeys: [newSealingKey()],
    requestTimeoutMs: ANSWER_MS,
  })
  try {
    return await ask(store)
  } finally {
    await store.close()
  }
}

const ACCOUNT = `${variableOf(SETTINGS.elasticsearchApiKey)}, or user name and password,`

const TODO: readonly (readonly [RegExp, string])[] = [
  [/refuses the credentials/, `set ${ACCOUNT} of an account that this cluster knows`],
  [
    /certificate|CERT|SSL|TLS|EPROTO/,
    `name the certificate of the cluster with ${variableOf(SETTINGS.elasticsearchCaFile)}, and write https only if it has one`,
  ],
  [
    /\b403\b|unauthorized/,
    'grant its role the cluster privilege `monitor`, and `read` on the indices that callers query',
  ],
  [/Elasticsearch/, `see what answers at ${URL_NAME}: a proxy, a login page, or another port`],
]

/** What a person can do about a cluster that does not answer as it should. */
export function todoForCluster(reasons: string): string {
  const [, todo] = TODO.find(([pattern]) => pattern.test(reasons)) ?? []
  return todo ?? `see whether ${URL_NAME} is right, and can be reached from here`
}
