import type { Value, ValueObject } from '../../core/result'
import { atOnce } from '../../core/turns'
import { exactJson } from '../../json/write'
import type { Fault, FaultOptions } from '../faults/fault'
import {
  answer,
  badGateway,
  cut,
  delay,
  expiredToken,
  garbage,
  lose,
  notElasticsearch,
  rateLimited,
  reset,
  silence,
  slow,
  stall,
  unavailable,
} from '../faults/faults'

/** What a request says about a fault, beside its name. */
export interface FaultArguments {
  readonly bytes?: number
  readonly bytes_per_second?: number
  readonly retry_after?: number
  readonly delay?: string
  readonly status?: number
  readonly headers?: ValueObject
  readonly body?: Value
}

type Argument = keyof FaultArguments

/** A fault: which arguments it needs, which it may have, and how it is made. */
interface Recipe {
  needs?: readonly Argument[]
  takes?: readonly Argument[]
  make(given: Required<FaultArguments>, options: FaultOptions): Fault
}

const RECIPES = {
  answer: { needs: ['status'], takes: ['headers', 'body'], make: makeAnswer },
  badGateway: { make: (_, options) => badGateway(options) },
  cut: { needs: ['bytes'], make: ({ bytes }, options) => cut(bytes, options) },
  delay: { needs: ['delay'], make: ({ delay: time }, options) => delay(time, options) },
  expiredToken: { make: (_, options) => expiredToken(options) },
  garbage: { make: (_, options) => garbage(options) },
  lose: { make: (_, options) => lose(options) },
  notElasticsearch: { make: (_, options) => notElasticsearch(options) },
  rateLimited: {
    takes: ['retry_after'],
    make: ({ retry_after: retryAfter }, options) => rateLimited({ retryAfter, ...options }),
  },
  reset: { make: (_, options) => reset(options) },
  silence: { make: (_, options) => silence(options) },
  slow: { needs: ['bytes_per_second'], make: ({ bytes_per_second: speed }, options) => slow(speed, options) },
  stall: { needs: ['bytes'], make: ({ bytes }, options) => stall(bytes, options) },
  unavailable: { make: (_, options) => unavailable(options) },
} as const satisfies Record<string, Recipe>

export type FaultName = keyof typeof RECIPES

export const FAULT_NAMES = Object.keys(RECIPES) as FaultName[]

const ARGUMENTS: readonly Argument[] = [
  'bytes',
  'bytes_per_second',
  'retry_after',
  'delay',
  'status',
  'headers',
  'body',
]

/** The fault of a name. Throws a `TypeError` for an argument that it needs and has not, or has and does not know. */
export function faultOf(name: FaultName, given: FaultArguments, options: FaultOptions): Fault {
  const { needs = [], takes = [], make }: Recipe = RECIPES[name]
  const missing = needs.find((argument) => given[argument] === undefined)
  if (missing !== undefined) throw new TypeError(`the fault \`${name}\` needs \`${missing}\``)
  const known = [...needs, ...takes]
  const foreign = ARGUMENTS.find((argument) => given[argument] !== undefined && !known.includes(argument))
  if (foreign !== undefined) throw new TypeError(`the fault \`${name}\` has no \`${foreign}\``)
  // What is needed is there, and the rest has its default here.
  return make(
    {
      bytes: 0,
      bytes_per_second: 1,
      delay: '0',
      status: 200,
      headers: {},
      body: '',
      retry_after: 1,
      ...given,
    },
    options,
  )
}

function makeAnswer({ status, headers, body }: Required<FaultArguments>, options: FaultOptions): Fault {
  const isText = typeof body === 'string'
  const sent = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  return answer(
    {
      status,
      body: isText ? body : atOnce(exactJson(body)),
      headers: { ...(!isText && { 'content-type': 'application/json' }), ...Object.fromEntries(sent) },
    },
    options,
  )
}
