import { consoleLogger, printOnConsole, unfailing } from '../../lib/core/logger'

describe('the console as a log', () => {
  const printed: unknown[][] = []

  beforeEach(() => {
    for (const level of ['warn', 'error'] as const) {
      jest.spyOn(console, level).mockImplementation((...line) => void printed.push([level, ...line]))
    }
  })
  afterEach(() => {
    jest.restoreAllMocks()
    printed.length = 0
  })

  it('gets warnings and errors, and nothing else', () => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) consoleLogger[level]({ level }, 'told')
    expect(printed).toEqual([
      ['warn', 'told', { level: 'warn' }],
      ['error', 'told', { level: 'error' }],
    ])
  })

  it('listens for errors of stderr once, and not where the host listens', () => {
    const listeners = process.stderr.listeners('error') as ((error: Error) => void)[]
    const { length } = listeners
    process.stderr.removeAllListeners('error')
    for (let line = 0; line < 3; line += 1) printOnConsole('warn', 'told')
    expect(process.stderr.listenerCount('error')).toBe(1)
    process.stderr.emit('error', new Error('write EPIPE'))
    process.stderr.removeAllListeners('error')
    for (const listener of listeners) process.stderr.on('error', listener)
    expect(process.stderr.listenerCount('error')).toBe(length)
  })
})

describe('a log that fails', () => {
  it('is no reason to fail, and gets every line', () => {
    const told: unknown[][] = []
    const failing = (level: string) => (details: object, message: string) => {
      told.push([level, details, message])
      throw new Error('the disk is full')
    }
    const logger = unfailing({
      debug: failing('debug'),
      info: failing('info'),
      warn: failing('warn'),
      error: failing('error'),
    })
    const levels = ['debug', 'info', 'warn', 'error'] as const
    for (const level of levels) logger[level]({ n: 1 }, 'told')
    expect(told).toEqual(levels.map((level) => [level, { n: 1 }, 'told']))
  })
})
