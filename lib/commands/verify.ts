import { systemClock } from '../core/clock'
import { messageOf } from '../core/message-of'
import { ConfigError } from '../server/config-error'
import { COUNT, FILE, LIST, NON_EMPTY, wordOf } from '../server/setting-kinds'
import { CHECKS } from '../verify/all-checks'
import { Breach } from '../verify/answer'
import { GROUPS } from '../verify/check'
import { curlOf } from '../verify/curl'
import type { Report, ReportName } from '../verify/reports'
import { countsOf, REPORTS } from '../verify/reports'
import type { EsqlAsyncApi } from '../verify/target'
import { isRelease } from '../verify/target'
import { Verifier, verify } from '../verify/verify'
import type { DriftRun } from './drift'
import { reportDrift } from './drift'
import { EXIT } from './exit-codes'
import { describeFlags, readCredentials, readFlags, SERVER_URL } from './flags'
import { onInterrupt } from './interrupted'

const QUERY = { ...NON_EMPTY, placeholder: 'QUERY' }
const CHECK_NAMES = { ...LIST, expected: 'a comma-separated list of names of checks' }

const FLAGS = {
  url: { ...SERVER_URL, about: 'where the API is: the URL in front of /_query/async' },
  tokenFile: {
    ...FILE,
    about: 'a file with the token of the caller, or with a whole Authorization such as ApiKey …',
  },
  otherTokenFile: {
    ...FILE,
    about: 'the same of another caller; without it, nothing is asked about owners',
  },
  completes: {
    ...QUERY,
    about: 'a query that completes at once, with some rows and types',
    default: 'ROW x = 1',
  },
  runs: {
    ...QUERY,
    about: 'a query that runs for a minute or longer; without it, nothing is asked about waits and stops',
  },
  fails: { ...QUERY, about: 'a query that fails at once; without it, nothing is asked about failures' },
  release: {
    placeholder: 'VERSION',
    about: 'the release of Elasticsearch that the server should behave like',
    expected: 'a version such as 9.5',
    parse: (text: string) => (isRelease(text) ? text : undefined),
    default: '9.5',
  },
  catalogue: {
    ...FILE,
    about: 'instead of the contract, checks whether the answers of a catalogue are still true',
  },
  only: { ...CHECK_NAMES, about: 'asks just these: names of checks, or parts of names between dots' },
  skip: { ...CHECK_NAMES, about: 'leaves these out' },
  format: {
    ...wordOf(...(Object.keys(REPORTS) as ReportName[])),
    about: 'how the outcome is written: text, junit, tap or json',
    default: 'text',
  },
  maxSeconds: { ...COUNT, about: 'ends the run after this many seconds', default: 120 },
} as const

const HELP = `Usage: express-esql-async-query verify --url URL [FLAGS]

Asks a server whether it keeps the contract of Elasticsearch's ES|QL async query API. There are ${CHECKS.length} checks, in the groups
${GROUPS.join(', ')}. They change nothing but queries of their own, run one query at a time, and delete
what they have made. What cannot be asked is skipped, never passed.

With --catalogue, each query of a recorded catalogue is asked again, and what has changed is reported: columns that are new, gone
or of another type, and failures. Rows are not compared.

${describeFlags(FLAGS)}

Exit code: 0 if every check that must pass and was asked has passed, 1 if one has failed, 2 if the run could not be made or
has ended early. For an https server with a certificate of your own, set NODE_EXTRA_CA_CERTS.
`

export async function runVerify(args: readonly string[]): Promise<number> {
  const flags = readFlags(args, FLAGS)
  if (flags === 'help') {
    process.stdout.write(HELP)
    return EXIT.done
  }
  if (flags.catalogue !== undefined) return drift({ ...flags, catalogue: flags.catalogue })
  const { url, completes, runs, fails, release, only, skip } = flags
  const as = {
    ...withToken('alice', 'token-file', flags.tokenFile),
    ...withToken('mallory', 'other-token-file', flags.otherTokenFile),
  }
  const queries = { completes, ...(runs && { runs }), ...(fails && { fails }) }
  const api = { url, as, queries, release }
  await assertAskable(api, { ...(only && { only }), ...(skip && { skip }) })
  return report(api, flags)
}

async function report(
  api: EsqlAsyncApi,
  {
    only,
    skip,
    format,
    maxSeconds,
  }: { only?: string[] | undefined; skip?: string[] | undefined; format: ReportName; maxSeconds: number },
): Promise<number> {
  const { line, end }: Report = REPORTS[format]
  const ending = endOnSignal(maxSeconds)
  try {
    const verification = await verify(api, {
      ...(only && { only }),
      ...(skip && { skip }),
      signal: ending.signal,
      onResult: (result) => line && process.stdout.write(line(result)),
    })
    process.stdout.write(end(verification))
    if (ending.signal.aborted) process.stderr.write(`express-esql-async-query: ${ending.signal.reason}\n`)
    if (countsOf(verification.results).mustFailed > 0) return EXIT.failed
    return ending.signal.aborted ? EXIT.notDone : EXIT.done
  } finally {
    ending.cancel()
  }
}

async function drift({
  tokenFile,
  ...run
}: Omit<DriftRun, 'token'> & { tokenFile: string | undefined }): Promise<number> {
  const { alice: token } = { ...withToken('alice', 'token-file', tokenFile) }
  const ending = endOnSignal(run.maxSeconds)
  try {
    return await reportDrift({ ...run, token: typeof token === 'string' ? token : undefined }, ending.signal)
  } finally {
    ending.cancel()
  }
}

/** A run that nobody can make fails once, and not check by check. */
async function assertAskable(
  api: EsqlAsyncApi,
  selection: { only?: string[]; skip?: string[] },
): Promise<void> {
  let verifier: Verifier | undefined
  try {
    verifier = new Verifier(api, selection)
    await verifier.assertAskable()
  } catch (cause) {
    if (cause instanceof TypeError) throw new ConfigError(messageOf(cause), { cause })
    if (!(cause instanceof Breach)) throw cause
    const { message, got, request } = cause
    const details = [got && `\n    got: ${got}`, request && `\n    asked: ${curlOf(request)}`]
    throw new ConfigError([message, ...details].filter(Boolean).join(''), { cause })
  } finally {
    verifier?.close()
  }
}

function withToken(who: 'alice' | 'mallory', flag: string, file: string | undefined): EsqlAsyncApi['as'] {
  return file === undefined ? {} : { [who]: readCredentials(flag, file, 'a token') }
}

function endOnSignal(maxSeconds: number): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController()
  const cancelSignals = onInterrupt(() => controller.abort('interrupted'), EXIT.notDone)
  const cancelTimer = systemClock.setTimer(
    () => controller.abort(`not asked within ${maxSeconds} s`),
    maxSeconds * 1_000,
  )
  return {
    signal: controller.signal,
    cancel() {
      cancelTimer()
      cancelSignals()
    },
  }
}
