import type { OptionTable } from '../core/check-options'
import { checkOptions, rules } from '../core/check-options'
import type { Redaction } from '../record/redaction'
import { checkRedaction } from '../record/redaction'

/** How a double records answers of a cluster into its catalogue. Every option may be `undefined`, as an environment leaves it. */
export interface RecordOptions {
  /**
   * `'new'`: queries that neither a script nor the catalogue knows are asked of the cluster, and recorded. `'update'`: so are those of the
   * catalogue, and entries that are not asked stay. Anything but nothing is refused where the environment has `CI`.
   *
   * @default nothing is recorded
   */
  mode?: string | undefined
  /** Where the cluster is. A double that records needs it. @default none */
  url?: string | undefined
  /** The encoded API key for the cluster, or a whole `Authorization` such as `Basic …`. @default no credentials */
  apiKey?: string | undefined
  /** For an https `url`: certificates to trust, in PEM. @default those of the system */
  ca?: string | undefined
  /** What must not be in the catalogue. What is asked of it later is redacted too, so that it fits. @default nothing */
  redact?: Redaction | undefined
  /** How many rows of a result are recorded. @default all */
  maxRows?: number | undefined
  /** Whether the catalogue has an answer for each time that a query is asked, or the last one alone. @default 'all' */
  repeats?: 'all' | 'last' | undefined
}

const MODES = ['', 'new', 'update']

const text = {
  expected: 'a text',
  fits: (value: unknown) => typeof value === 'string',
  printable: false,
}

const RECORD_OPTIONS = {
  mode: {
    expected: "'new', 'update' or nothing",
    fits: (value: unknown) => MODES.some((mode) => mode === value),
    defaultInWords: 'nothing is recorded',
  },
  url: { ...text, defaultInWords: 'none' },
  apiKey: { ...text, defaultInWords: 'no credentials' },
  ca: { ...text, defaultInWords: 'those of the system' },
  redact: {
    expected: 'a function, or an object with some of `columns`, `params` and `entry`',
    fits: (value: unknown) => typeof value === 'function' || rules.object.fits(value),
    defaultInWords: 'nothing',
  },
  maxRows: {
    expected: 'a whole number > 0',
    fits: (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0,
    defaultInWords: 'all',
  },
  repeats: {
    expected: "'all' or 'last'",
    fits: (value: unknown) => value === 'all' || value === 'last',
    default: 'all',
  },
} as const satisfies OptionTable<RecordOptions>

/** What a double does with its catalogue beside reading it. */
export type ResolvedRecord = ReturnType<typeof resolveRecordOptions>

/** Throws a `TypeError` for a wrong option, and an `Error` for a recording in CI. */
export function resolveRecordOptions(
  options: RecordOptions = {},
  catalogue: string | undefined,
  { mayBeInCi = false } = {},
) {
  const owner = '`record` of startDouble'
  const { mode = '', url = '', ...others } = checkOptions(owner, options, RECORD_OPTIONS)
  if (others.redact !== undefined) checkRedaction(others.redact)
  if (mode === '') return { ...others, recording: undefined }
  if (!mayBeInCi && isCi()) {
    throw new Error(
      `startDouble does not record with CI=${process.env.CI}: commit the recorded catalogue, and set no \`mode\` there`,
    )
  }
  if (url === '') throw new TypeError(`${owner} needs \`url\` to record`)
  if (catalogue === undefined) throw new TypeError('startDouble needs `catalogue` to record into it')
  return { ...others, recording: { mode, url, file: catalogue } }
}

function isCi(): boolean {
  return !['', '0', 'false'].includes(process.env.CI ?? '')
}
