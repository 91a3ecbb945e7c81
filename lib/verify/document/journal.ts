import type { Answer } from '../answer'
import { decodeAnswer } from '../decode'
import { ANSWER_DOCUMENT } from './answers'
import type { Rules } from './exchange-faults'
import { exchangeFaults } from './exchange-faults'

const OPERATIONS: readonly [name: string, pattern: RegExp][] = [
  ['submit', /^POST .*\/_query\/async$/],
  ['stop', /^POST .*\/_query\/async\/[^/]*\/stop$/],
  ['get', /^GET .*\/_query\/async\/[^/]*$/],
  ['delete', /^DELETE .*\/_query\/async\/[^/]*$/],
  ['query', /^POST .*\/_query$/],
  ['list', /^GET .*\/_query\/queries(\/[^/]*)?$/],
]

const RULES: Rules = {
  document: ANSWER_DOCUMENT,
  decoders: {
    json: (body) => JSON.parse(body.toString('utf8')),
    yaml: (body) => asNumbers(decodeAnswer('yaml', body)),
    cbor: (body) => asNumbers(decodeAnswer('cbor', body)),
    smile: (body) => asNumbers(decodeAnswer('smile', body)),
  },
}

interface Finding {
  answer: Answer
  faults: readonly string[]
}

/** Compares every exchange with `api-spec.yaml`, and keeps the first that differs, for each operation. */
export class Journal {
  readonly #findings = new Map<string, Finding>()

  note(answer: Answer): void {
    const { method, url } = answer.request
    const [name] = OPERATIONS.find(([, pattern]) => pattern.test(`${method} ${url.pathname}`)) ?? ['others']
    if (this.#findings.has(name)) return
    const faults = faultsOf(answer)
    if (faults.length > 0) this.#findings.set(name, { answer, faults })
  }

  /** Throws a `Breach` if an exchange of the operation was not as documented. */
  assertDocumented(operation: string): void {
    const found = this.#findings.get(operation)
    if (found) found.answer.fail(`the answer is not as documented: ${found.faults.join('; ')}`)
  }
}

function faultsOf({ request, status, headers, body }: Answer): string[] {
  const { method, url } = request
  // The API may be mounted at any path.
  const path = url.pathname.replace(/^.*?(?=\/_query(\/|$))/, '') + url.search
  return exchangeFaults({ method, path, status, headers, body }, RULES)
}

/** JSON Schema expects integers, not bigints. */
function asNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(asNumbers)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asNumbers(item)]))
}
