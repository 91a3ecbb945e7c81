import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage } from '../support/server-process'

/** Ends with 3 after a signal, when its output is written. */
const SCRIPT = `
const { exitWhenDone } = require(process.argv[1])
const work = setInterval(() => {}, 1_000)
process.exitCode = 3
let count = 0
process.on('SIGTERM', () => {
  if (++count > 1) return
  exitWhenDone()
  clearInterval(work)
  setTimeout(() => process.stdout.write('done'), 20)
})
process.stdout.write('ready ')
`

describe('exitWhenDone', () => {
  let built: BuiltPackage

  beforeAll(() => {
    built = buildPackage()
  }, 120_000)
  afterAll(() => built.remove())

  it('ends when all is done, with the exit code of the process, however many signals come', async () => {
    const file = path.join(built.folder, 'dist', 'core', 'exit-when-done.js')
    const child = spawn(process.execPath, ['-e', SCRIPT, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    try {
      await once(child.stdout, 'data')
      const closed = once(child, 'close')
      const signals = setInterval(() => child.kill('SIGTERM'), 0)
      const ended = await closed.finally(() => clearInterval(signals))
      expect([...ended, output]).toEqual([3, null, 'ready done'])
    } finally {
      child.kill('SIGKILL')
    }
  })
})
