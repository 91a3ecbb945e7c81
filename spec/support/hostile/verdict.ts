import { assertDocumented } from '../api-contract'
import type { RawAnswer } from './answers'
import type { HostileGateway } from './gateway'
import { isNodeAnswer } from './node-answers'
import { documentedTarget, isOurs } from './seen-request'

/** Throws unless every answer is allowed. Returns how many of them come from Node.js itself. */
export function judge(
  gateway: HostileGateway,
  answers: readonly RawAnswer[],
  secrets: readonly string[],
): number {
  let fromNode = 0
  for (const [at, answer] of answers.entries()) {
    const seen = gateway.seenOf(answer)
    assertNothingOf(secrets, answer.head + answer.body.toString('latin1'), 'an answer')
    if (!seen) {
      if (!isNodeAnswer(answer)) throw new Error(`Nobody gives such an answer: ${show(answer)}`)
      if (at < answers.length - 1) throw new Error(`There are answers after ${show(answer)}`)
      fromNode += 1
      continue
    }
    const { method } = seen
    const { status, headers, body } = answer
    if (!isOurs(seen)) {
      const isHosts = status === 404 && headers['x-elastic-product'] === undefined
      if (!isHosts) throw new Error(`${method} ${seen.url} is not ours, but was answered: ${show(answer)}`)
      continue
    }
    if (status >= 500) throw new Error(`${method} ${seen.url} made it fail: ${show(answer)}`)
    assertDocumented({ method, path: documentedTarget(seen), status, headers, body })
  }
  return fromNode
}

/** Throws if the answered requests caused something that no request may cause. */
export async function judgeAftermath(gateway: HostileGateway, secrets: readonly string[]): Promise<void> {
  const { log, watch, store, clock } = gateway
  await gateway.settle()
  if (!(await gateway.isHealthy())) throw new Error('The gateway does not serve honest clients any more')
  await gateway.settle()
  await store.forgetAll()
  if (clock.pendingTimers > 0) throw new Error(`${clock.pendingTimers} timers are left`)
  if (watch.faults.length > 0) throw new Error(`The process was harmed: ${watch.faults.join('\n')}`)
  if (log.loud.length > 0) throw new Error(`It was logged that: ${log.loud.join('\n')}`)
  assertNothingOf(secrets, log.all.join('\n'), 'the log')
}

/** The secret parts of a token. Its header is the same in all tokens. */
export function secretsOf(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => [...text.matchAll(/bearer +\S*/gi)].flatMap(([token]) => token.split('.').slice(1)))
    .filter((part) => part.length >= 24)
}

function assertNothingOf(secrets: readonly string[], text: string, where: string): void {
  const found = secrets.find((secret) => text.includes(secret))
  if (found !== undefined) throw new Error(`In ${where} there is a part of a token: ${text}`)
}

function show({ head, body }: RawAnswer): string {
  return JSON.stringify(head + body.toString('latin1'))
}
