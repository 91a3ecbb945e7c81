import type { Asked } from '../catalogue/matching'
import { sentParams } from '../catalogue/matching'
import type { Value, ValueObject } from '../core/result'
import { isMultiValue, isValueObject } from '../core/result'
import { MASK } from './stand-ins'

/** So many redacted values are remembered, to take them out of texts too. */
const MAX_REMEMBERED = 100_000

/**
 * Names of nodes, their addresses and ids, and ids of tasks, as the texts of Elasticsearch have them. The group stays.
 */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/\[[^\][]+\]\[(?:\[[\da-f:]+\]|[\w.-]+):\d+\]/gi, `[${MASK}]`],
  [/(?:\{[^{}]*\}){4,}/g, `{${MASK}}`],
  [/\b(nodes?(?: with id| id)?[ :=]*)(?:\[[^\]]*\]|\{[^}]*\})/gi, `$1[${MASK}]`],
  [/(?<![\w-])[\w-]{22}:\d+(?![\w-])/g, MASK],
]

/** What a warning quotes of the rows that it is about. */
const QUOTED_VALUE = /((?:Exception|Error): [^[]*)\[.*\]/s

/**
 * Takes out of texts for people, warnings and reasons, what a recording must not have: what was redacted elsewhere, ids, secrets,
 * nodes.
 */
export class Scrubber {
  readonly #secrets: readonly string[]
  /** The oldest one first. */
  readonly #redacted = new Set<string>()

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.filter((secret) => secret !== '')
  }

  /** Remembers what stood in a cell. */
  remember(cell: Value): void {
    if (isMultiValue(cell)) for (const each of cell) this.remember(each)
    else if (typeof cell === 'string' ? cell !== '' : typeof cell === 'number' || typeof cell === 'bigint') {
      const text = String(cell)
      this.#redacted.delete(text)
      this.#redacted.add(text)
      const [oldest] = this.#redacted
      if (this.#redacted.size > MAX_REMEMBERED && oldest !== undefined) this.#redacted.delete(oldest)
    }
  }

  /** Remembers what a redacted question does not say any more. */
  rememberQuestion(asked: Asked, redacted: Asked): void {
    const left = new Set(wordsOf(redacted))
    for (const word of wordsOf(asked)) if (!left.has(word)) this.remember(word)
  }

  text(text: string, ids: readonly string[]): string {
    let scrubbed = text
    for (const secret of [...this.#secrets, ...ids]) scrubbed = scrubbed.replaceAll(secret, MASK)
    for (const [pattern, shown] of PLACES) scrubbed = scrubbed.replace(pattern, shown)
    for (const value of this.#redacted) if (scrubbed.includes(value)) scrubbed = withoutWord(scrubbed, value)
    return scrubbed
  }

  /** A warning about rows that hold redacted columns quotes their values, whether or not the result has them. */
  warning(text: string, ids: readonly string[], hidesValues: boolean): string {
    const scrubbed = this.text(text, ids)
    return hidesValues ? scrubbed.replace(QUOTED_VALUE, `$1[${MASK}]`) : scrubbed
  }

  /** An object with its texts scrubbed. */
  object(object: ValueObject, ids: readonly string[]): ValueObject {
    const scrub = (value: Value | undefined): Value => {
      if (typeof value === 'string') return this.text(value, ids)
      if (isMultiValue(value)) return value.map(scrub)
      return isValueObject(value) ? this.object(value, ids) : (value ?? null)
    }
    return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, scrub(value)]))
  }
}

/** Not within other words: a redacted `1` is no part of `10`. */
function withoutWord(text: string, word: string): string {
  const literal = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu'), MASK)
}

/** All words and values of a question. */
function wordsOf({ query, params = [], filter }: Asked): string[] {
  const words: string[] = [
    ...query.split(/[\s"'`,()|=<>]+/),
    ...Array.from(query.matchAll(/"([^"]*)"/g), ([, text = '']) => text),
  ]
  const collect = (value: Value | undefined): void => {
    if (isMultiValue(value)) value.forEach(collect)
    else if (isValueObject(value)) Object.values(value).forEach(collect)
    else if (value !== null && value !== undefined && typeof value !== 'boolean') words.push(String(value))
  }
  sentParams(params).forEach(collect)
  collect(filter)
  return words.filter((word) => word !== '')
}
