import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage } from '../support/server-process'

/** Ends with 0 when it is told to, after a signal. */
const SCRIPT = `
const { onInterrupt } = require(process.argv[1])
let count = 0
const cancel = onInterrupt(() => process.stdout.write('interrupted '), 7)
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => process.stdout.write(name + ++count + ' '))
process.stdin.on('data', (text) => String(text) === 'cancel' ? (cancel(), process.stdout.write('cancelled ')) : process.exit())
process.stdout.write('ready ')
`

describe('a signal to end', () => {
  let built: BuiltPackage
  let child: ChildProcess
  let output: string

  beforeAll(() => {
    built = buildPackage()
  }, 120_000)
  afterAll(() => built.remove())
  beforeEach(async () => {
    const file = path.join(built.folder, 'dist', 'commands', 'interrupted.js')
    child = spawn(process.execPath, ['-e', SCRIPT, file], { stdio: ['pipe', 'pipe', 'inherit'] })
    output = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
    })
    await printed('ready ')
  })
  afterEach(async () => {
    if (child.exitCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  })

  const printed = async (text: string): Promise<void> => {
    while (!output.endsWith(text)) await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  }
  /** Resolves when the process has had it, as one of so many. */
  const send = async (signal: NodeJS.Signals, count: number): Promise<void> => {
    child.kill(signal)
    await printed(`${signal}${count} `)
  }
  const exitCode = async (): Promise<unknown> => (await once(child, 'exit'))[0]

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'may be %s, and a second one ends nothing',
    async (signal) => {
      await send(signal, 1)
      await send(signal, 2)
      expect(output).toBe(`ready interrupted ${signal}1 ${signal}2 `)
      const exited = exitCode()
      child.stdin?.write('end')
      expect(await exited).toBe(0)
    },
  )

  it('ends the process at once when it is the third', async () => {
    await send('SIGINT', 1)
    await send('SIGTERM', 2)
    const exited = exitCode()
    child.kill('SIGINT')
    expect(await exited).toBe(7)
  })

  it('is left alone again', async () => {
    child.stdin?.write('cancel')
    await printed('cancelled ')
    for (const [index, signal] of (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).entries())
      await send(signal, index + 1)
    expect(output).toBe('ready cancelled SIGINT1 SIGTERM2 SIGHUP3 ')
  })
})
