import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { buildPackage } from './server-process'

const ROOT = path.join(__dirname, '..', '..')

/** What a soak has printed, and its table of kinds: how often each was done, and how often it failed. */
export interface Soak {
  stdout: string
  kinds: string[][]
}

/** Runs the soak of `bench/` for some seconds on the compiled package. */
export async function runSoak(store: string): Promise<Soak> {
  const built = buildPackage()
  for (const name of ['bench', 'spec/support/postgres']) {
    cpSync(path.join(ROOT, name), path.join(built.folder, name), { recursive: true })
  }
  const soak = path.join(built.folder, 'bench', 'soak.mjs')
  const args = ['--expose-gc', soak, '--minutes', '0.1', '--rate', '30', '--seed', 'spec', '--store', store]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((cause) => {
      // What it has found is in its output.
      throw new Error(`${cause.message}\n${cause.stdout}`, { cause })
    })
    const [, table = ''] = /\nkind +done +failed\n[- ]+\n([\s\S]*)$/.exec(stdout) ?? []
    const lines = table.trim().split('\n')
    return { stdout, kinds: lines.map((line) => line.split(/ {2,}/)) }
  } finally {
    built.remove()
  }
}
