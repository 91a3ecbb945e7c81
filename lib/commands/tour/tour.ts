import { messageOf } from '../../core/message-of'
import { readConfig } from '../../server/config'
import type { DevelopmentAccess } from '../../server/development-mode'
import { createDevelopmentAccess } from '../../server/development-mode'
import { GivenSettings } from '../../server/given-settings'
import { openLog } from '../../server/open-log'
import { startServer } from '../../server/server'
import type { Style } from '../../server/style'
import { styleFor } from '../../server/style'
import { EXIT } from '../exit-codes'
import { readFlags } from '../flags'
import type { Step } from './steps'
import { STEPS } from './steps'

const HELP = `Usage: express-esql-async-query --tour

Starts a gateway with sample queries on a free port of this machine, plays the whole story with it, and ends it: submit, poll,
the 404 of a stranger, wait, formats, list, stop, delete. It prints each request as a curl line, and the beginning of each answer.

Exit code: 0 after the last step, 1 if an answer is not the one that the story needs, 2 if a flag is wrong.
`

/** The longest time for an answer, in milliseconds. */
const ANSWER_MS = 30_000

/** How much of an answer is printed. */
const [MOST_LINES, LONGEST_LINE] = [6, 420]

export async function runTour(args: readonly string[]): Promise<number> {
  if (readFlags(args, {}) === 'help') {
    process.stdout.write(HELP)
    return EXIT.done
  }
  // Without those of the environment: what is asked and answered here is always the same.
  const config = readConfig(new GivenSettings(['--port', '0'], {}))
  const access = createDevelopmentAccess()
  const server = await startServer(config, access, openLog('error'))
  try {
    await play({ url: server.url, access }, styleFor(process.stdout))
    return EXIT.done
  } catch (error) {
    process.stderr.write(`express-esql-async-query: the tour ends at ${messageOf(error)}\n`)
    return EXIT.failed
  } finally {
    await server.close(0)
  }
}

interface Gateway {
  url: string
  access: DevelopmentAccess
}

interface Answer {
  status: string
  /** The headers that are about the query, where the request wants just them, or the body. */
  text: string
  id: string | undefined
}

const print = (text: string): boolean => process.stdout.write(text)

async function play(gateway: Gateway, style: Style): Promise<void> {
  print(`A gateway with sample queries is listening on ${style.link(gateway.url)}, which is $URL below.
$ALICE and $MALLORY are headers with the tokens of two users, and $ID is the id of the query.\n`)
  let id = ''
  for (const [index, step] of STEPS.entries()) {
    print(`\n${style.strong(`${index + 1}. ${step.says}`)}\n${style.dim(curlOf(step))}\n`)
    try {
      const answer = await ask(gateway, step, id)
      id = answer.id ?? id
      print(`${answer.status}\n${shortened(answer, id)}\n`)
      assertExpected(step, answer)
    } catch (cause) {
      throw new Error(`step ${index + 1}: ${messageOf(cause)}`, { cause })
    }
  }
  print(`
That is the whole story. Start the gateway without --tour, and try it yourself: it prints tokens for both users, and has a console
for browsers. docs/standalone.md has its settings, and docs/gateway.md leads to a gateway of your own.
`)
}

function curlOf({ as, method, path, body }: Step): string {
  const flag = { GET: '', HEAD: '--head ', POST: body ? '' : '-X POST ', DELETE: '-X DELETE ' }[method]
  const sent = body ? ` -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'` : ''
  return `$ curl -sS ${flag}-H "$${as.toUpperCase()}" "$URL${path}"${sent}`
}

async function ask({ url, access }: Gateway, { as, method, path, body }: Step, id: string): Promise<Answer> {
  const response = await fetch(url + path.replace('$ID', id), {
    method,
    headers: { authorization: `Bearer ${access[as]}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const headers = [...response.headers].filter(([name]) => name.startsWith('x-elasticsearch-async-'))
  const lines = headers.map((header) => header.join(': '))
  return {
    status: `${response.status} ${response.statusText}`,
    text: method === 'HEAD' ? lines.join('\n') : await response.text(),
    id: response.headers.get('x-elasticsearch-async-id') ?? undefined,
  }
}

function assertExpected({ expects }: Step, answer: Answer): void {
  const { status, text } = answer
  if (!status.startsWith(`${expects.status} `)) {
    throw new Error(`the answer should be ${expects.status}, and is ${status}: ${shortened(answer)}`)
  }
  if (expects.shows.test(text)) return
  throw new Error(`the answer should show ${expects.shows.source}, and is ${shortened(answer)}`)
}

/** The beginning of an answer, with the id in a form that is read. */
function shortened({ text }: Answer, id = ''): string {
  const plain = id === '' ? text : text.replaceAll(id, `${id.slice(0, 12)}…`)
  const lines = plain.trimEnd().split(/\r?\n/)
  const shown = lines.slice(0, MOST_LINES).map((line) => {
    return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line
  })
  return [...shown, ...(lines.length > MOST_LINES ? ['…'] : [])].join('\n')
}
