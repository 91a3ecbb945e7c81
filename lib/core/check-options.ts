import { closest } from './did-you-mean'

/** A check of one option: what is expected, in words, and whether a value fits. */
export interface OptionRule {
  expected: string
  fits: (value: unknown) => boolean
  /** Whether the value may stand in a message. @default true */
  printable?: boolean
}

/** The rule of every option, by name. */
export type OptionRules = Readonly<Record<string, OptionRule & { required?: boolean }>>

export const rules = {
  positiveNumber: {
    expected: 'a number > 0',
    fits: (value) => typeof value === 'number' && value > 0,
  },
  nonNegativeNumber: {
    expected: 'a number >= 0',
    fits: (value) => typeof value === 'number' && value >= 0,
  },
  boolean: { expected: 'a boolean', fits: (value) => typeof value === 'boolean' },
  function: { expected: 'a function', fits: (value) => typeof value === 'function' },
  meterProvider: {
    expected: 'a MeterProvider of OpenTelemetry, an object with a `getMeter` method',
    fits: (value) =>
      typeof value === 'object' && value !== null && typeof Reflect.get(value, 'getMeter') === 'function',
  },
  object: { expected: 'an object', fits: (value) => typeof value === 'object' && value !== null },
} as const satisfies Record<string, OptionRule>

/**
 * Refuses option objects with unknown names, missing options and wrong values, with a `TypeError` that names the
 * option and says what is expected. An option that is `undefined` counts as not given.
 */
export function checkOptions(owner: string, options: unknown, known: OptionRules): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${owner} expects an object of options, got ${describe(options)}`)
  }
  const given = options as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue
    const [suggestion] = closest(name, Object.keys(known))
    const hint = suggestion
      ? `did you mean \`${suggestion}\`?`
      : `known are: ${Object.keys(known).join(', ')}`
    throw new TypeError(`${owner} does not know the option \`${name}\`; ${hint}`)
  }
  for (const [name, { expected, fits, required, printable = true }] of Object.entries(known)) {
    const value = given[name]
    if (value === undefined) {
      if (required) throw new TypeError(`${owner} needs the option \`${name}\`: ${expected}`)
    } else if (!fits(value)) {
      const got = printable ? `, got ${describe(value)}` : ''
      throw new TypeError(`${owner} expects \`${name}\` to be ${expected}${got}`)
    }
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object' || typeof value === 'function') return `a value of type ${typeof value}`
  return `\`${String(value)}\` (${typeof value})`
}
