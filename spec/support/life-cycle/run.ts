import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Answer, Gateway } from '../gateway'
import type { Asking, Command } from './commands'
import { LONG_KEEP_MS, WAIT_MS } from './commands'
import type { ModelEngine } from './engine'
import type { Expected, ModelQuery, Reply } from './model'
import { Model } from './model'

const DEADLINE_MS = 60_000

/** A sent request, and the answer that the model expects. */
interface Sent {
  command: Command['do']
  reply: Reply
  id: string
  answer?: Answer
  /** Why there is no answer. */
  error?: unknown
}

/** Sends the same to a gateway and to the model, and compares every answer. */
export class LifeCycle {
  readonly #gateway: Gateway
  readonly #engine: ModelEngine
  readonly #model: Model
  readonly #open = new Set<Sent>()
  readonly #answers: Set<string>

  /** @param answers receives the kind of each answer */
  constructor(gateway: Gateway, engine: ModelEngine, answers: Set<string>) {
    this.#gateway = gateway
    this.#engine = engine
    this.#answers = answers
    this.#model = new Model(gateway.clock.now())
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) await this.#do(command)
    await this.#do({ do: 'advance', ms: 2 * LONG_KEEP_MS })
    expect([this.#model.waiting, this.#gateway.router.waiting, this.#gateway.clock.pendingTimers]).toEqual([
      0, 0, 0,
    ])
  }

  async #do(command: Command): Promise<void> {
    switch (command.do) {
      case 'submit':
        await this.#submit(command)
        break
      case 'end': {
        const { running } = this.#model
        const query = running[command.ref % running.length]
        if (!query) return
        this.#model.end(query, command.fails)
        this.#engine.end(query.text, command.fails)
        break
      }
      case 'advance':
        this.#model.advance(command.ms)
        await this.#gateway.clock.advance(command.ms)
        break
      default:
        await this.#ask(command)
    }
    await this.#compare()
  }

  async #submit(command: Extract<Command, { do: 'submit' }>): Promise<void> {
    const { user, kind, waits, keeps, keepMs } = command
    const reply = this.#model.submit(command)
    const body = {
      query: reply.query?.text,
      wait_for_completion_timeout: waits || kind !== 'slow' ? `${WAIT_MS}ms` : '0',
      keep_on_completion: keeps,
      keep_alive: `${keepMs}ms`,
    }
    await this.#send(command.do, reply, '', this.#gateway[user]('POST /_query/async', { body }))
  }

  async #ask(command: Asking): Promise<void> {
    const { known } = this.#model
    const query = known[command.ref % known.length]
    const id = query?.id ?? SOME_ID
    const reply = this.#replyTo(command, query)
    const client = this.#gateway[command.user]
    await this.#send(command.do, reply, id, client(targetOf(command, id)))
    if (reply.expected?.status === 404) await this.#compareWithUnknown(command, id)
  }

  #replyTo(command: Asking, query: ModelQuery | undefined): Reply {
    return command.do === 'get'
      ? this.#model.get(query, command)
      : this.#model[command.do](query, command.user)
  }

  /** Checks that no answer shows whether an id belongs, or belonged, to another owner. */
  async #compareWithUnknown(command: Asking, id: string): Promise<void> {
    const unknown = inventedLike(id)
    const client = this.#gateway[command.user]
    const [one, other] = [await client(targetOf(command, id)), await client(targetOf(command, unknown))]
    expect(comparable(other, unknown)).toEqual(comparable(one, id))
  }

  async #send(command: Command['do'], reply: Reply, id: string, answer: Promise<Answer>): Promise<void> {
    const sent: Sent = { command, reply, id }
    this.#open.add(sent)
    answer.then(
      (received) => {
        sent.answer = received
      },
      (error: unknown) => {
        sent.error = error
      },
    )
    await until(() => hasEnded(sent) || this.#gateway.router.waiting >= this.#model.waiting)
  }

  /** Takes the answers that are due, and checks that no other answer has come. */
  async #compare(): Promise<void> {
    for (const sent of [...this.#open]) {
      const { reply } = sent
      if (!reply.expected) continue
      await until(() => hasEnded(sent))
      if (!sent.answer) throw sent.error
      this.#open.delete(sent)
      this.#answers.add(`${sent.command} ${reply.expected.status}`)
      compare(sent.answer, reply.expected, sent.id, reply.query)
    }
    // Queries that ended without a wait have ended now, too.
    await this.#gateway.clock.advance(0)
    await until(() => this.#gateway.router.waiting === this.#model.waiting)
    expect([...this.#open].filter(hasEnded).map(({ reply }) => reply)).toEqual([])
  }
}

function hasEnded({ answer, error }: Sent): boolean {
  return answer !== undefined || error !== undefined
}

function compare(answer: Answer, expected: Expected, asked: string, query?: ModelQuery): void {
  const { status, headers, text } = answer
  const id = headers['x-elasticsearch-async-id']
  if (query && id !== undefined) query.id ??= id
  const isHead = text === ''
  const { id: told, ...body } = JSON.parse(isHead ? '{}' : text) as { id?: string }
  expect({
    status,
    body: isHead ? expected.body : withoutId(body, asked),
    id: whereIs(id, isHead ? expected.id : told),
    isRunning: headers['x-elasticsearch-async-is-running'],
    expiresMs: isHead ? numberOf(headers['x-elasticsearch-async-expiration-time-in-millis']) : undefined,
  }).toEqual({ isRunning: undefined, expiresMs: undefined, ...expected })
  for (const named of [id, told]) expect([undefined, query?.id]).toContain(named)
}

/** The reason names the requested id. */
function withoutId(body: object, id: string): unknown {
  return id === '' ? body : JSON.parse(JSON.stringify(body).replaceAll(`"${id}"`, '"ID"'))
}

function whereIs(inHeader: string | undefined, inBody: string | undefined): Expected['id'] {
  if (inHeader === undefined) return 'nowhere'
  return inBody === undefined || inBody === 'header' ? 'header' : 'everywhere'
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function targetOf(command: Asking, id: string): string {
  if (command.do !== 'get') {
    const [method, end] = { head: ['HEAD', ''], stop: ['POST', '/stop'], delete: ['DELETE', ''] }[command.do]
    return `${method} /_query/async/${id}${end}`
  }
  const { waitMs, keepMs } = command
  const parameters = [
    ...(waitMs === undefined ? [] : [`wait_for_completion_timeout=${waitMs}ms`]),
    ...(keepMs === undefined ? [] : [`keep_alive=${keepMs}ms`]),
  ]
  return `GET /_query/async/${id}?${parameters.join('&')}`
}

const SOME_ID = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

/** An unknown id of the same length: with another document and the same task. */
function inventedLike(id: string): string {
  const bytes = Buffer.from(id, 'base64url')
  bytes.write(randomBytes(16).toString('base64url'), 1)
  return bytes.toString('base64url').padEnd(id.length, '=')
}

/** What distinguishes one answer from another, except for the requested id. */
function comparable({ status, headers, text }: Answer, id: string): object {
  const { date: _date, ...rest } = headers
  return { status, headers: rest, text: text.replaceAll(id, 'ID') }
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error('An answer does not come')
    await nextTurn()
  }
}
