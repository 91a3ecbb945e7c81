import { AssertionError } from 'node:assert'
import { STATUS_CODES } from 'node:http'
import { decode as decodeCbor } from 'cbor-x'
import { parse as decodeSmile } from 'smile-js'
import { parse as parseYaml } from 'yaml'
import type { Exchange, Rules } from '../../lib/verify/document/exchange-faults'
import { exchangeFaults } from '../../lib/verify/document/exchange-faults'
import { apiSpec } from './api-document'
import { closed } from './api-schema'

export type { Exchange } from '../../lib/verify/document/exchange-faults'

/** The document as it is in the file, read with libraries, and closed, because no newer cluster answers here. */
const RULES: Rules = {
  document: apiSpec,
  decoders: {
    json: (body) => JSON.parse(decodeText(body)),
    yaml: (body) => parseYaml(decodeText(body)),
    cbor: (body) => asNumbers(decodeCbor(body)),
    smile: (body) => asNumbers(decodeSmile(body)),
  },
  close: closed,
}

/**
 * Throws an `AssertionError` that lists how an exchange differs from what `api-spec.yaml` says: its status, the
 * type and the content of its body, its headers.
 */
export function assertDocumented(exchange: Exchange): void {
  const faults = exchangeFaults(exchange, RULES)
  if (faults.length === 0) return
  const { method, path: target, status } = exchange
  const answer =
    `${method.toUpperCase()} ${target} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
  throw new AssertionError({
    message: [`${answer}, not as api-spec.yaml says:`, ...faults].join('\n- '),
    stackStartFn: assertDocumented,
  })
}

/** Decoders give bigints where JSON Schema expects integers. */
function asNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(asNumbers)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asNumbers(item)]))
}

function decodeText(body: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
}
