import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import path from 'node:path'
import type { Consumer } from '../support/packed'
import { createConsumer } from '../support/packed'

const EXAMPLES = path.join(__dirname, '..', 'fixtures', 'double')

describe('the double of the packed package, with and without fake timers', () => {
  let consumer: Consumer

  beforeAll(() => {
    consumer = createConsumer()
    cpSync(EXAMPLES, consumer.folder, { recursive: true })
    consumer.write(
      'jest.config.cjs',
      'module.exports = { transform: {}, testMatch: ["**/jest.test.cjs"], watchman: false }',
    )
    consumer.write(
      'vitest.config.mjs',
      'export default { test: { include: ["vitest.test.ts"], pool: "threads", watch: false } }',
    )
  }, 120_000)
  afterAll(() => consumer.remove())

  /** What a runner prints. */
  const output = (...args: string[]): string => {
    // A runner within a runner must not take itself for a part of it.
    const {
      NODE_OPTIONS: _,
      JEST_WORKER_ID: __,
      NODE_ENV: ___,
      NODE_TEST_CONTEXT: ____,
      ...env
    } = process.env
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: consumer.folder,
      encoding: 'utf8',
      env: { ...env, NO_COLOR: '1' },
    })
    return `${stdout}${stderr}`
  }

  it.each([
    ['jest', ['node_modules/jest/bin/jest.js', '--ci', '-i'], /^Tests: +2 passed, 2 total$/m],
    ['vitest', ['node_modules/vitest/vitest.mjs', 'run'], /^ +Tests +4 passed \(4\)$/m],
    ['node:test', ['--test', '--test-reporter', 'tap', 'node.test.mjs'], /^# pass 6\n# fail 0$/m],
  ])(
    'serves the tests of a client under %s',
    (_runner, args, passed) => {
      expect(output(...args)).toMatch(passed)
    },
    120_000,
  )
})
