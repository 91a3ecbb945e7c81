import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** How people run the shells into which they paste: interactive, so without comments in zsh and with `!` as history. */
const INTERACTIVE = {
  bash: ['--norc', '--noprofile', '-i'],
  zsh: ['-f', '-i', '-s'],
}

export type Shell = keyof typeof INTERACTIVE

interface Pasted {
  shell: Shell
  folder: string
  environment: Readonly<Record<string, string | undefined>>
}

/** A shell with a group of its own, so that everything that it starts ends with it. */
function startShell({ shell, folder, environment }: Pasted): ChildProcess {
  return spawn(shell, INTERACTIVE[shell], { cwd: folder, env: environment, detached: true })
}

function endGroup({ pid }: ChildProcess): void {
  // It did not start. The group 0 would be that of the specs.
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

/** What a block has printed, and its exit code. */
export interface Printed {
  output: string
  code: number
}

const MARK = 'the exit code of the block is'

/**
 * Pastes blocks into one shell, one after the other. After a block that leaves something running, waits until `ready` is
 * done.
 */
export async function paste(where: Pasted, blocks: readonly string[], ready: string): Promise<Printed[]> {
  const child = startShell(where)
  try {
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => (stream ? text(stream) : ''))
    child.stdin?.write('set -o pipefail\n')
    for (const block of blocks) {
      child.stdin?.write(`${block}echo "${MARK} $?"\n`)
      if (/ &$/m.test(block)) child.stdin?.write(`${ready}\n`)
    }
    child.stdin?.end('kill $! 2>/dev/null\nexit\n')
    const printed = (await stdout) ?? ''
    const parts = [...printed.matchAll(new RegExp(`([\\s\\S]*?)${MARK} (\\d+)\\n`, 'g'))]
    if (parts.length !== blocks.length) throw new Error(`The shell ended early:\n${printed}${await stderr}`)
    return parts.map(([, output = '', code]) => ({ output, code: Number(code) }))
  } finally {
    endGroup(child)
  }
}

/** Pastes a block that keeps running, and calls `use` with what matches once it has printed that. */
export async function pasteUntil(
  where: Pasted,
  block: string,
  wanted: RegExp,
  use: (match: string) => Promise<void>,
): Promise<void> {
  const child = startShell(where)
  try {
    let printed = ''
    const ended = once(child, 'close').then(() => 'ended')
    child.stderr?.resume()
    child.stdin?.end(block)
    let match = wanted.exec(printed)
    while (!match) {
      const news = await Promise.race([ended, once(child.stdout ?? child, 'data')])
      if (news === 'ended') throw new Error(`The block ended without ${wanted}:\n${printed}`)
      printed += String(news[0])
      match = wanted.exec(printed)
    }
    await use(match[1] ?? '')
  } finally {
    endGroup(child)
  }
}
