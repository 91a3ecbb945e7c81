import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { blocksIn } from './snippets'

const EXAMPLES = path.join(__dirname, '..', '..', 'examples')

/** The surroundings of a user: nothing of this runner. */
export function surroundings(more: Record<string, string> = {}): Record<string, string | undefined> {
  const { PATH, HOME, npm_config_registry } = process.env
  return { PATH, HOME, npm_config_registry, ...more }
}

/** Copies an example, and installs what it names, with the packed package in place of this checkout. Returns its folder. */
export async function installExample(name: string, parent: string, tarball: string): Promise<string> {
  const folder = path.join(parent, name)
  // What was installed there is that of a clone.
  const filter = (source: string): boolean => path.basename(source) !== 'node_modules'
  cpSync(path.join(EXAMPLES, name), folder, { recursive: true, filter })
  const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--no-save']
  await promisify(execFile)('npm', ['install', ...quick, tarball], { cwd: folder, env: surroundings() })
  return folder
}

/** What the README of an example shows: commands to paste after its start, each with what it prints. */
export function shownBy(name: string): { command: string; output: string }[] {
  const readme = readFileSync(path.join(EXAMPLES, name, 'README.md'), 'utf8')
  const [, ...commands] = blocksIn(readme, 'sh')
  const outputs = blocksIn(readme, 'text')
  if (outputs.length !== commands.length) throw new Error(`${name} has commands without output`)
  return commands.map((command, index) => ({ command, output: outputs[index] ?? '' }))
}

/** What a page shows as a pattern: `…` stands for anything. */
export const shownAs = (shown: string): RegExp =>
  new RegExp(`^${shown.trimEnd().split('…').map(escaped).join('[\\s\\S]*?')}\\s*$`)

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** An example that `npm start` has started, with all that it starts. */
export class RunningExample {
  output = ''
  readonly exited: Promise<unknown>
  readonly #child: ChildProcess

  constructor(
    readonly folder: string,
    more: Record<string, string> = {},
  ) {
    const env = surroundings({ PORT: '0', ...more })
    this.#child = spawn('npm', ['start'], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk
        this.#child.emit('printed')
      })
    }
    this.exited = once(this.#child, 'close')
  }

  /** Resolves with what its output matches, in groups. */
  async printed(pattern: RegExp): Promise<string[]> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found) return [...found]
      const news = once(this.#child, 'printed').then(() => true)
      if (!(await Promise.race([news, this.exited.then(() => false)]))) {
        throw new Error(`The example ended without ${pattern}:\n${this.output}`)
      }
    }
  }

  /** The lines that it says to paste, which it prints last. */
  async commands(): Promise<string[]> {
    const [, text = ''] = await this.printed(/Paste into a second terminal:\n\n([\s\S]*?)\n\n/)
    return text.split('\n')
  }

  /** Where it listens. */
  async url(): Promise<string> {
    const [, url = ''] = await this.printed(/listens on (http:\/\/localhost:\d+)[\s\S]*Paste into/)
    return url
  }

  /** Pastes a line, and returns what it prints. */
  async paste(line: string): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', ['-c', line], {
      cwd: this.folder,
      env: surroundings(),
    })
    return stdout
  }

  async end(): Promise<void> {
    if (this.#child.pid === undefined) return
    signal(this.#child.pid, 'SIGTERM')
    await this.exited
    // Nothing of it is left, unless it is broken.
    signal(this.#child.pid, 'SIGKILL')
  }
}

/** To a whole group of processes. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch {
    // All of it has ended.
  }
}
