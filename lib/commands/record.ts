import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../core/message-of'
import type { HttpDouble } from '../double/double'
import { openDouble } from '../double/double'
import { resolveDoubleOptions } from '../double/options'
import type { Redaction } from '../record/redaction'
import { ConfigError } from '../server/config-error'
import { COUNT, FILE, PORT, wordOf } from '../server/setting-kinds'
import { EXIT } from './exit-codes'
import { describeFlags, readCredentials, readFlags, readTextFile, SERVER_URL } from './flags'
import { untilInterrupted } from './interrupted'

const FLAGS = {
  url: { ...SERVER_URL, about: 'where the cluster is: the URL in front of /_query/async' },
  out: {
    ...FILE,
    about: 'the catalogue; entries that it has stay, unless their query is asked again',
    isRequired: true,
  },
  apiKeyFile: {
    ...FILE,
    about: 'a file with the encoded API key, or with a whole Authorization such as Basic …',
  },
  caFile: { ...FILE, about: 'a file with certificates to trust, in PEM' },
  redact: {
    ...FILE,
    placeholder: 'MODULE',
    about: 'a module whose default export says what must not be recorded: columns, params, entry',
  },
  maxRows: { ...COUNT, about: 'records so many rows of a result, and leaves out the others' },
  repeats: {
    ...wordOf('all', 'last'),
    about: 'all: an answer for each time that a query is asked; last: one alone',
    default: 'all',
  },
  mode: {
    ...wordOf('update', 'new'),
    about: 'update: asks the cluster everything; new: only what the catalogue does not know',
    default: 'update',
  },
  port: {
    ...PORT,
    about: 'where it listens, on this machine alone; 0: a port that is free',
    default: 0,
  },
} as const

const HELP = `Usage: express-esql-async-query record --url URL --out FILE [FLAGS]

Stands in front of a cluster and records its queries and what they come to, for tests that ask no cluster. Point any
client at the URL that it prints, run your application once, and end it with Ctrl-C. Nothing is recorded of headers, ids and
tokens. Only clients on this machine are answered, and the cluster sees the API key alone.

${describeFlags(FLAGS)}

Exit code: 0 if the catalogue is written, 1 if it could not be, 2 if nothing could begin. For an https cluster with a
certificate of your own, name it with --ca-file.
`

export async function runRecord(args: readonly string[]): Promise<number> {
  const flags = readFlags(args, FLAGS)
  if (flags === 'help') {
    process.stdout.write(HELP)
    return EXIT.done
  }
  const { url, out, apiKeyFile, caFile, redact, maxRows, repeats, mode, port } = flags
  const record = {
    ...{ mode, url, maxRows, repeats },
    apiKey: apiKeyFile === undefined ? undefined : readCredentials('api-key-file', apiKeyFile, 'a key'),
    ca: caFile === undefined ? undefined : readTextFile('ca-file', caFile),
    redact: redact === undefined ? undefined : await loadRedaction(redact),
  }
  const double = await start({
    catalogue: path.resolve(out),
    anonymous: true,
    inProduction: true,
    port,
    record,
  })
  const ended = untilInterrupted()
  const release = double.recorder?.release ?? 'of a release that it does not tell'
  process.stdout.write(
    `Recording what the cluster ${release} answers into ${out}.\n` +
      `Point any client at ${double.url}, and end with Ctrl-C.\n`,
  )
  await ended
  await double.close()
  process.stdout.write(`${double.recorder?.recording.summary}\n`)
  return EXIT.done
}

async function start(options: Parameters<typeof resolveDoubleOptions>[0]): Promise<HttpDouble> {
  try {
    const resolved = resolveDoubleOptions(options, { mayBeInCi: true })
    return await openDouble(resolved, (line) => process.stdout.write(`${line}\n`))
  } catch (cause) {
    throw new ConfigError(messageOf(cause), { cause })
  }
}

async function loadRedaction(file: string): Promise<Redaction> {
  try {
    const loaded: { default?: Redaction } = await import(pathToFileURL(path.resolve(file)).href)
    if (loaded.default === undefined) throw new TypeError('it has no default export')
    return loaded.default
  } catch (cause) {
    throw new ConfigError(`--redact names a module that cannot be loaded: ${messageOf(cause)}`, { cause })
  }
}
