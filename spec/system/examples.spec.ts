import { cpSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Consumer } from '../support/packed'
import { createConsumer } from '../support/packed'
import { runHere } from '../support/run-here'

const EXAMPLES = path.join(__dirname, '..', '..', 'examples')

describe('the examples, with the packed package', () => {
  let consumer: Consumer

  beforeAll(() => {
    consumer = createConsumer()
  }, 120_000)
  afterAll(() => consumer.remove())

  it.each(readdirSync(EXAMPLES))(
    'has tests that pass: %s',
    (name) => {
      const folder = path.join(consumer.folder, 'examples', name)
      // What was installed there is that of a clone.
      const filter = (source: string): boolean => path.basename(source) !== 'node_modules'
      cpSync(path.join(EXAMPLES, name), folder, { recursive: true, filter })
      const { code, output } = runHere(folder, 'npm', 'test')
      expect([code, output]).toEqual([0, expect.stringMatching(/^# fail 0$|fail 0$/m)])
      expect(output).not.toMatch(/pass 0$/m)
    },
    120_000,
  )
})
