import { rules } from '../../core/check-options'
import { systemClock } from '../../core/clock'

/** The rows of every store that runs queries: how they run, and what measures that. */
export const RUN_OPTIONS = {
  execute: { ...rules.function, required: true },
  maxRunMs: { ...rules.positiveNumber, default: Number.POSITIVE_INFINITY },
  onMaxRun: {
    expected: "'stop' or 'fail'",
    fits: (value: unknown) => value === 'stop' || value === 'fail',
    default: 'stop',
  },
  interruptGraceMs: { ...rules.nonNegativeNumber, default: 1_000 },
  limitKeepAlive: { ...rules.function, defaultInWords: 'no limit' },
  clock: { ...rules.object, default: systemClock, defaultInWords: 'the time of the machine' },
  meterProvider: rules.meterProvider,
} as const
