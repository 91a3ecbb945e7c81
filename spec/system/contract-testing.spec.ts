import { cpSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { FAULT_NAMES } from '../../lib/double/control/faults'
import { ROUTES } from '../../lib/double/control/routes'
import { tablesOf } from '../support/documented'
import { operationFor } from '../support/double-control'
import type { Consumer } from '../support/packed'
import { createConsumer } from '../support/packed'
import { isThere, runHere } from '../support/run-here'

const PAGE = readFileSync(path.join(__dirname, '..', '..', 'docs', 'contract-testing.md'), 'utf8')
const JUNIT = path.join(__dirname, '..', 'fixtures', 'junit')

/** The programs of the page. The first line of each is a comment with its name. */
const PROGRAMS = [...PAGE.matchAll(/^```(?:js|python|java)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', text = '']) => ({ name, text }),
)

const PYTHON = isThere('python3', '--version')
const PYTEST = PYTHON && isThere('python3', '-m', 'pytest', '--version')
const JAVA = isThere('javac', '--version') && isThere('java', '--version')

/** For a JVM that ends before it has gained anything by being thorough. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

describe('docs/contract-testing.md', () => {
  let consumer: Consumer

  beforeAll(() => {
    consumer = createConsumer()
    for (const { name, text } of PROGRAMS) consumer.write(name, text)
    consumer.write(
      'jest.config.cjs',
      'module.exports = { transform: {}, testMatch: ["**/*.jest.cjs"], watchman: false }',
    )
    consumer.write(
      'vitest.config.mjs',
      'export default { test: { include: ["*.vitest.mjs"], watch: false } }',
    )
  }, 120_000)
  afterAll(() => consumer.remove())

  it.each([
    ['node:test', ['--test', '--test-reporter', 'tap', 'client.test.mjs'], /^# pass 3\n# fail 0$/m],
    ['jest', ['node_modules/jest/bin/jest.js', '--ci', '-i'], /^Tests: +2 passed, 2 total$/m],
    ['vitest', ['node_modules/vitest/vitest.mjs', 'run'], /^ +Tests +1 passed \(1\)$/m],
  ])(
    'has tests that pass under %s',
    (_runner, args, passed) => {
      expect(runHere(consumer.folder, process.execPath, ...args).output).toMatch(passed)
    },
    120_000,
  )

  const withPython = PYTHON ? it : it.skip
  withPython(
    'has tests that pass in Python (skipped without python3)',
    () => {
      const { output } = runHere(consumer.folder, 'python3', '-m', 'unittest', 'test_client')
      expect(output).toMatch(/^Ran 3 tests in .*\n\nOK$/m)
    },
    120_000,
  )

  const withPytest = PYTEST ? it : it.skip
  withPytest(
    'has tests that pass under pytest (skipped without pytest)',
    () => {
      const { output } = runHere(consumer.folder, 'python3', '-m', 'pytest', '-q', '-p', 'no:cacheprovider')
      expect(output).toMatch(/^3 passed in /m)
    },
    120_000,
  )

  const withJava = JAVA ? it : it.skip
  withJava(
    'has tests that compile and pass in Java (skipped without javac)',
    () => {
      cpSync(JUNIT, consumer.folder, { recursive: true })
      const compiler = SHORT_LIVED.map((flag) => `-J${flag}`)
      const sources = ['ClientTest.java', 'Run.java']
      expect(runHere(consumer.folder, 'javac', ...compiler, '-d', 'classes', ...sources)).toEqual({
        code: 0,
        output: '',
      })
      const program = ['-cp', 'classes', 'Run', 'ClientTest']
      expect(runHere(consumer.folder, 'java', ...SHORT_LIVED, ...program).output).toBe('2 passed\n')
    },
    120_000,
  )

  it('asks the control only for what it has', () => {
    const asked = PROGRAMS.flatMap(({ text }) => [
      ...text.matchAll(/(?:double|elasticsearch)\.ask\("(GET|POST|DELETE)", "([^"]+)"/g),
    ])
    expect(asked.length).toBeGreaterThan(10)
    for (const [, method = '', target = ''] of asked) {
      expect([method, target, operationFor(method, `/__double${target}`)]).not.toContain(undefined)
    }
  })

  it('lists exactly the routes and the faults', () => {
    const [routes = []] = tablesOf(PAGE, 'request')
    expect(routes.map(([cell]) => cell)).toEqual(
      ROUTES.map(({ method, path: rest }) => `\`${method} /__double${rest}\``),
    )
    const [faults = []] = tablesOf(PAGE, 'fault')
    expect(faults.map(([cell = '']) => cell.slice(1, -1)).sort()).toEqual(FAULT_NAMES.toSorted())
  })
})
