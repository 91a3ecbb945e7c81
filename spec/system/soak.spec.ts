import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage } from '../support/server-process'

/** Longer than waits and keep-alives of the soak, on a busy machine too. */
jest.setTimeout(300_000)

const BENCH = path.join(__dirname, '..', '..', 'bench')

const FAULTS = ['keeps a query while nobody reads its log', 'log throws']
const DEEDS = ['submit', 'poll', 'leaveReading', 'askForForeign', 'stallReading', 'pipeline', 'meetOutage']

describe('the soak', () => {
  let built: BuiltPackage

  beforeAll(() => {
    built = buildPackage()
    cpSync(BENCH, path.join(built.folder, 'bench'), { recursive: true })
    const postgres = path.join('spec', 'support', 'postgres')
    cpSync(path.join(BENCH, '..', postgres), path.join(built.folder, postgres), { recursive: true })
  })
  afterAll(() => built.remove())

  /** Its table of kinds: how often each was done, and how often it failed. */
  async function run(store: string): Promise<{ stdout: string; kinds: string[][] }> {
    const soak = path.join(built.folder, 'bench', 'soak.mjs')
    const args = ['--expose-gc', soak, '--minutes', '0.1', '--rate', '30', '--seed', 'spec', '--store', store]
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((cause) => {
      // What it has found is in its output.
      throw new Error(`${cause.message}\n${cause.stdout}`, { cause })
    })
    const [, table = ''] = /\nkind +done +failed\n[- ]+\n([\s\S]*)$/.exec(stdout) ?? []
    const lines = table.trim().split('\n')
    return { stdout, kinds: lines.map((line) => line.split(/ {2,}/)) }
  }

  it('does every deed and meets every kind of fault in some seconds, and finds nothing', async () => {
    const { kinds } = await run('cluster')
    expect(kinds.filter(([, done, failed]) => done === '0' || failed !== '0')).toEqual([])
    expect(kinds.map(([name]) => name)).toEqual(expect.arrayContaining([...DEEDS, ...FAULTS]))
  })

  it('kills replicas on one PostgreSQL, and PostgreSQL itself, and finds nothing', async () => {
    const { kinds, stdout } = await run('postgres')
    expect(kinds.filter(([, done, failed]) => done === '0' || failed !== '0')).toEqual([])
    for (const name of ['PostgreSQL', 'the gateway one', 'the gateway other']) {
      expect(stdout).toMatch(new RegExp(`kills of ${name} +[1-9]`))
    }
  })
})
