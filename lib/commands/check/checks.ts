import { askDatabase } from '../../server/check-database'
import { readCatalogue, readConfig } from '../../server/config'
import { ConfigError } from '../../server/config-error'
import type { GivenSettings } from '../../server/given-settings'
import { assertMetrics } from '../../server/metrics'
import { readPostgresUrl } from '../../server/postgres-settings'
import { SETTINGS, variableOf } from '../../server/settings'
import { describeKeys, readTokenCheck } from '../../server/token-check'
import { askCluster, askForQuery, askForSealingKeys, todoForCluster } from './cluster'
import type { Answer, Finding } from './finding'
import { failed, ok, reasonsOf, skipped } from './finding'

interface Check {
  name: string
  /** Rejects where something is wrong. `said`: by the checks before. */
  ask(given: GivenSettings, said: readonly Finding[]): Promise<Answer>
  /** What to do about it. A text about a setting says that itself. */
  todo?(reasons: string): string
}

const POSTGRES_URL = variableOf(SETTINGS.postgresUrl)
const METRICS = variableOf(SETTINGS.metrics)
const [JWKS, ISSUER, ALGORITHMS] = [SETTINGS.jwtJwks, SETTINGS.jwtIssuer, SETTINGS.jwtAlgorithms].map(
  variableOf,
)

const CHECKS: readonly Check[] = [
  { name: 'variables', ask: askForVariables },
  {
    name: 'keys',
    ask: askForKeys,
    todo: () => `see whether ${JWKS} and ${ISSUER} are right, and can be reached from here`,
  },
  { name: 'cluster', ask: askCluster, todo: todoForCluster },
  { name: 'queries', ask: askForQuery, todo: todoForCluster },
  { name: 'sealing keys', ask: askForSealingKeys },
  { name: 'catalogue', ask: askForCatalogue },
  {
    name: 'database',
    ask: askForTables,
    todo: () => `see whether ${POSTGRES_URL} is right, and whether its user may use the tables`,
  },
  { name: 'metrics', ask: askForMetrics },
  { name: 'settings', ask: askForSettings },
]

/** Asks everything that a start of the gateway needs. It creates nothing, and what it says holds no secret. */
export async function* checkAll(given: GivenSettings): AsyncGenerator<Finding> {
  const said: Finding[] = []
  for (const check of CHECKS) {
    const finding = await findingOf(check, given, said)
    said.push(finding)
    yield finding
  }
}

async function findingOf(
  { name: check, ask, todo }: Check,
  given: GivenSettings,
  said: readonly Finding[],
): Promise<Finding> {
  try {
    return { check, ...(await ask(given, said)) }
  } catch (error) {
    if (error instanceof ConfigError) return { check, ...failed(error.message) }
    const reasons = reasonsOf(error)
    return { check, ...failed(reasons, todo?.(reasons)) }
  }
}

async function askForVariables(given: GivenSettings): Promise<Answer> {
  given.refuseUnknownVariables()
  const { nearMisses } = given
  return nearMisses.length === 0 ? ok('all are known') : { outcome: 'warning', says: nearMisses.join('; ') }
}

async function askForKeys(given: GivenSettings): Promise<Answer> {
  const tokenCheck = readTokenCheck(given)
  if (!tokenCheck) return ok('none is configured: development mode makes its own')
  const { keys, isFitting } = await describeKeys(tokenCheck)
  const says = keys.join('; ') || 'the key set has no key that can check tokens'
  return isFitting ? ok(says) : failed(says, `see which algorithms the keys are for, and set ${ALGORITHMS}`)
}

async function askForCatalogue(given: GivenSettings): Promise<Answer> {
  if (given.sourceOf(SETTINGS.elasticsearchUrl) !== undefined) return skipped('the cluster answers')
  const { queries, files } = readCatalogue(given)
  const of = files[0] ?? 'this package'
  if (queries.length === 0) return { outcome: 'warning', says: `no query in ${of}: every one gets an error` }
  return ok(`${queries.length} ${queries.length === 1 ? 'query' : 'queries'} of ${of}`)
}

async function askForTables(given: GivenSettings): Promise<Answer> {
  const url = readPostgresUrl(given)
  if (url === undefined) return skipped(`${POSTGRES_URL} is not set`)
  const { release, isMigrated, mayCreate } = await askDatabase(url)
  if (isMigrated) return ok(`PostgreSQL ${release}, with tables that this release knows`)
  if (mayCreate) return ok(`PostgreSQL ${release}, without tables yet: the start creates them`)
  const todo =
    'run the SQL that --postgres-schema prints as another user, or grant this one CREATE on the database'
  return failed(`PostgreSQL ${release}, without tables, and its user may create none`, todo)
}

async function askForMetrics(given: GivenSettings): Promise<Answer> {
  const exporter = given.read(SETTINGS.metrics)
  if (exporter === undefined) return skipped(`${METRICS} is not set`)
  assertMetrics(exporter, process.env)
  return ok(`${exporter}, and its packages are there`)
}

/** What the others have not said: each of them has read its own settings. */
async function askForSettings(given: GivenSettings, said: readonly Finding[]): Promise<Answer> {
  try {
    readConfig(given)
  } catch (error) {
    if (error instanceof ConfigError && said.some(({ says }) => says === error.message)) {
      return skipped('what is wrong has been said')
    }
    throw error
  }
  return ok('they fit together')
}
