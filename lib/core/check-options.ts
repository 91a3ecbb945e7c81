import { closest } from './did-you-mean'

/** The check of one option: the expected value in words, and whether a value fits. */
export interface OptionRule {
  expected: string
  fits: (value: unknown) => boolean
  /** Whether a message may show the value. @default true */
  printable?: boolean
}

/**
 * The rule of every option of an interface, and its default. The pages of `docs/`, docstrings and `--help` are held against it.
 *
 * `defaultInWords` says what holds for a missing option where no plain value does.
 */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: OptionRule &
    (Record<never, never> extends Pick<Options, Name>
      ? { default?: Required<Options>[Name]; defaultInWords?: string }
      : { required: true })
}

/** Options with the defaults of their table filled in. */
export type CompletedOptions<Options, Table extends OptionTable<Options>> = {
  readonly [Name in keyof Options]-?:
    | Required<Options>[Name]
    | (Table[Name] extends { default: unknown } | { required: true } ? never : undefined)
}

export const rules = {
  positiveNumber: {
    expected: 'a number > 0',
    fits: (value: unknown) => typeof value === 'number' && value > 0,
  },
  nonNegativeNumber: {
    expected: 'a number >= 0',
    fits: (value: unknown) => typeof value === 'number' && value >= 0,
  },
  port: {
    expected: 'a port, 0 to 65535',
    fits: (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
  },
  boolean: { expected: 'a boolean', fits: (value: unknown) => typeof value === 'boolean' },
  function: { expected: 'a function', fits: (value: unknown) => typeof value === 'function' },
  meterProvider: {
    expected: 'a MeterProvider of OpenTelemetry, an object with a `getMeter` method',
    fits: (value: unknown) =>
      typeof value === 'object' && value !== null && typeof Reflect.get(value, 'getMeter') === 'function',
    defaultInWords: 'the global one',
  },
  object: { expected: 'an object', fits: (value: unknown) => typeof value === 'object' && value !== null },
} as const satisfies Record<string, OptionRule & { defaultInWords?: string }>

/**
 * Fills in the defaults of options. An option that is `undefined` counts as missing.
 *
 * Throws a `TypeError` for an unknown name, a missing option or a wrong value. The error names the option and says
 * what is expected.
 */
export function checkOptions<Options extends object, Table extends OptionTable<Options>>(
  owner: string,
  options: Options,
  table: Table,
): CompletedOptions<Options, Table> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${owner} expects an object of options, got ${describe(options)}`)
  }
  const given = options as Readonly<Record<string, unknown>>
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) throw unknownOption(owner, name, Object.keys(table))
  }
  const rows = Object.entries<OptionRule & { required?: boolean; default?: unknown }>(table)
  const completed = rows.map(([name, rule]) => {
    checkOption(owner, name, given[name], rule)
    return [name, given[name] === undefined ? rule.default : given[name]]
  })
  return Object.freeze(Object.fromEntries(completed))
}

/** Throws the `TypeError` of {@link checkOptions} unless the value of one option fits. */
export function checkOption(
  owner: string,
  name: string,
  value: unknown,
  { expected, fits, required = false, printable = true }: OptionRule & { required?: boolean },
): void {
  if (value === undefined) {
    if (required) throw new TypeError(`${owner} needs the option \`${name}\`: ${expected}`)
  } else if (!fits(value)) {
    const got = printable ? `, got ${describe(value)}` : ''
    throw new TypeError(`${owner} expects \`${name}\` to be ${expected}${got}`)
  }
}

function unknownOption(owner: string, name: string, known: readonly string[]): TypeError {
  const [suggestion] = closest(name, known)
  const hint = suggestion ? `did you mean \`${suggestion}\`?` : `known are: ${known.join(', ')}`
  return new TypeError(`${owner} does not know the option \`${name}\`; ${hint}`)
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object' || typeof value === 'function') return `a value of type ${typeof value}`
  return `\`${String(value)}\` (${typeof value})`
}
