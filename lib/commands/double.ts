import { messageOf } from '../core/message-of'
import type { StandaloneDouble } from '../double/control/standalone'
import { startStandaloneDouble } from '../double/control/standalone'
import { ConfigError } from '../server/config-error'
import { BOOLEAN, FILE, PORT, wordOf } from '../server/setting-kinds'
import { EXIT } from './exit-codes'
import { describeFlags, readFlags } from './flags'
import { untilInterrupted } from './interrupted'

const FLAGS = {
  catalogue: { ...FILE, about: 'queries that the double knows' },
  delays: {
    ...wordOf('none', 'recorded'),
    about: 'whether queries of the catalogue take the time that it says',
    default: 'none',
  },
  clock: {
    ...wordOf('real', 'manual'),
    about: 'manual: time passes when the control says so',
    default: 'real',
  },
  control: { ...BOOLEAN, about: 'serves the control below /__double', default: false },
  port: { ...PORT, about: 'the port on 127.0.0.1; 0 is one that is free', default: 0 },
  release: {
    ...wordOf('9.5', '8.19'),
    about: 'the release of Elasticsearch that the double says it is',
    default: '9.5',
  },
  anonymous: { ...BOOLEAN, about: 'lets requests without credentials in', default: false },
  waitByDefault: {
    ...BOOLEAN,
    about: 'a GET without a timeout waits, as Elasticsearch documents it',
    default: false,
  },
  print: {
    ...wordOf('text', 'json'),
    about: 'json: one line for programs, as soon as it answers',
    default: 'text',
  },
  inProduction: { ...BOOLEAN, about: 'starts although NODE_ENV is production', default: false },
} as const

const HELP = `Usage: express-esql-async-query double [FLAGS]

Starts a double of Elasticsearch's ES|QL async query API on this machine, for tests of clients in any language. It takes any
credentials. With --control, tests say over HTTP how queries go: double-control.yaml describes it.

${describeFlags(FLAGS)}

Exit code: 0 after Ctrl-C or SIGTERM, 2 if it cannot start.
`

export async function runDouble(args: readonly string[]): Promise<number> {
  const flags = readFlags(args, FLAGS)
  if (flags === 'help') {
    process.stdout.write(HELP)
    return EXIT.done
  }
  const { control, print, catalogue, ...options } = flags
  const double = await start({ ...options, ...(catalogue && { catalogue }) }, { control })
  const ended = untilInterrupted()
  process.stdout.write(print === 'json' ? asJson(double) : asText(double))
  await ended
  await double.close()
  return EXIT.done
}

async function start(...how: Parameters<typeof startStandaloneDouble>): Promise<StandaloneDouble> {
  try {
    return await startStandaloneDouble(...how)
  } catch (cause) {
    throw new ConfigError(inFlags(messageOf(cause)), { cause })
  }
}

function inFlags(message: string): string {
  return message
    .replace('startDouble refuses', 'double refuses')
    .replace('{ inProduction: true }', '--in-production')
}

/** One line for programs that start it. */
function asJson({ url, controlUrl, tokens }: StandaloneDouble): string {
  return `${JSON.stringify({ url, control: controlUrl, tokens, pid: process.pid })}\n`
}

function asText({ url, controlUrl, tokens }: StandaloneDouble): string {
  const users = Object.entries(tokens).map(([name, token]) => `  ${name}: Authorization: Bearer ${token}`)
  const control = controlUrl === undefined ? [] : [`Its control is ${controlUrl}`]
  return [
    `express-esql-async-query double is listening on ${url}`,
    ...control,
    'Any credentials will do. Two users that are ready made:',
    ...users,
    '',
  ].join('\n')
}
