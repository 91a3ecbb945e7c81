import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import { CHECKS } from './all-checks'
import { Breach, Skip } from './answer'
import type { Check } from './check'
import { curlOf } from './curl'
import { Journal } from './document/journal'
import { Connections } from './http'
import type { CheckSelection } from './selection'
import { createSelection } from './selection'
import { Session } from './session'
import type { EsqlAsyncApi, ResolvedTarget } from './target'
import { resolveTarget } from './target'

export type Outcome =
  | { outcome: 'passed' }
  | { outcome: 'skipped'; reason: string }
  | { outcome: 'failed'; reason: string; curl?: string | undefined; got?: string | undefined }

/** What became of a check. */
export type Result = Outcome & { check: Check; ms: number }

export interface VerifyOptions extends CheckSelection {
  /** Ends the run: what has not been asked is skipped. */
  signal?: AbortSignal
  clock?: Clock
  onResult?(result: Result): void
}

export interface Verification {
  results: readonly Result[]
  /** Queries that could not be deleted. They expire within ten minutes. */
  leftBehind: readonly string[]
}

/** Asks one server, one check after the other. Throws a `TypeError` for options that make no sense. */
export class Verifier {
  /** Every check that is asked of this server, or why it is not. */
  readonly plan: readonly { check: Check; skipped: string | undefined }[]
  readonly leftBehind: string[] = []
  readonly #target: ResolvedTarget
  readonly #clock: Clock
  readonly #connections: Connections
  readonly #journal = new Journal()
  /** Checks of one server are asked one after the other, even by test runners that begin them together. */
  #before: Promise<unknown> = Promise.resolve()

  constructor(api: EsqlAsyncApi, selection: CheckSelection = {}, clock: Clock = systemClock) {
    this.#target = resolveTarget(api)
    this.#clock = clock
    this.#connections = new Connections(clock)
    const select = createSelection(selection, CHECKS)
    this.plan = CHECKS.map((check) => ({ check, skipped: select(check) ?? lacking(check, this.#target) }))
  }

  /** Never rejects: whatever goes wrong is the outcome. */
  ask(check: Check, signal?: AbortSignal): Promise<Outcome> {
    const asking = this.#before.then(() => this.#ask(check, signal))
    this.#before = asking
    return asking
  }

  /** Rejects with a {@link Breach} if the server cannot be asked at all. */
  async assertAskable(): Promise<void> {
    const session = this.#session()
    try {
      const answer = await session.submit()
      if (answer.status >= 400) answer.fail(`the server does not run \`${this.#target.queries.completes}\``)
    } finally {
      this.leftBehind.push(...(await session.end()))
    }
  }

  close(): void {
    this.#connections.close()
  }

  async #ask(check: Check, signal?: AbortSignal): Promise<Outcome> {
    if (signal?.aborted) return { outcome: 'skipped', reason: String(signal.reason) }
    const session = this.#session()
    const onAbort = (): void => session.interrupt(String(signal?.reason))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await check.ask(session)
      return { outcome: 'passed' }
    } catch (error) {
      return outcomeOf(error)
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.leftBehind.push(...(await session.end()))
    }
  }

  #session(): Session {
    const parts = { journal: this.#journal, connections: this.#connections, clock: this.#clock }
    return new Session(this.#target, parts)
  }
}

function lacking({ needs = [], since }: Check, target: ResolvedTarget): string | undefined {
  const lacks = needs.flatMap((need) => target.lacks(need) ?? [])
  if (lacks.length > 0) return lacks.join(', ')
  return since === undefined || target.isAtLeast(since) ? undefined : `new in ${since}`
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof Skip) return { outcome: 'skipped', reason: error.message }
  // A check reads what comes as it should be. What is of another shape makes it throw.
  const breach = error instanceof Breach ? error : new Breach(`an answer cannot be read: ${error}`)
  const { message, request, got } = breach
  // Servers choose what stands in it, and it is written in one line.
  const reason = message.replace(/\p{Cc}+/gu, ' ')
  return { outcome: 'failed', reason, curl: request && curlOf(request), got }
}

/** Asks a server every check that is chosen and can be asked. */
export async function verify(
  api: EsqlAsyncApi,
  { signal, clock, onResult, ...selection }: VerifyOptions = {},
): Promise<Verification> {
  const time = clock ?? systemClock
  const verifier = new Verifier(api, selection, time)
  const results: Result[] = []
  try {
    for (const { check, skipped } of verifier.plan) {
      const beganMs = time.now()
      const outcome: Outcome =
        skipped === undefined ? await verifier.ask(check, signal) : { outcome: 'skipped', reason: skipped }
      const result = { check, ms: Math.round(time.now() - beganMs), ...outcome }
      results.push(result)
      onResult?.(result)
    }
    return { results, leftBehind: verifier.leftBehind }
  } finally {
    verifier.close()
  }
}
