import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { madeOnce } from './made-once'

const ROOT = path.join(__dirname, '..', '..')

/** The compiled package in its own folder. */
export interface BuiltPackage {
  folder: string
  remove(): void
}

/** What a process reads of the package beside the compiled files. */
const BESIDE = ['package.json', 'api-spec.yaml', 'sample-queries.json']

/** What a spec does with the files of the package that are there. Those that it adds are its own in any case. */
interface Use {
  /** It changes them, so it gets copies: other specs run the same ones meanwhile. */
  changesFiles?: boolean
}

/** A folder with the compiled package, where it finds its dependencies and no other build interferes. */
export function buildPackage({ changesFiles = false }: Use = {}): BuiltPackage {
  const sources = ['lib', 'tools', 'tsconfig.json', 'tsconfig.build.json', ...BESIDE]
  const made = madeOnce('built', sources, (whole) => {
    const outDir = path.join(whole, 'dist')
    const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc')
    execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', outDir, '--singleThreaded'], { cwd: ROOT })
    execFileSync(process.execPath, [path.join(ROOT, 'tools', 'console-files.cjs'), outDir])
    for (const name of BESIDE) copyFileSync(path.join(ROOT, name), path.join(whole, name))
  })
  const folder = mkdtempSync(path.join(ROOT, 'node_modules', '.cache', 'server-spec-'))
  for (const name of ['dist', ...BESIDE]) {
    const [there, here] = [path.join(made, name), path.join(folder, name)]
    if (changesFiles) cpSync(there, here, { recursive: true })
    else symlinkSync(there, here)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A package that is built for the tests of a file, and whose processes end with their test, or with the last one. */
export function processesOfTests(use: Use = {}) {
  let built: BuiltPackage | undefined
  const started: ServerProcess[] = []
  const shared: ServerProcess[] = []
  const endAll = async (servers: ServerProcess[]): Promise<void> => {
    for (const server of servers) server.kill('SIGKILL')
    await Promise.all(servers.splice(0).map(({ exited }) => exited))
  }
  beforeAll(() => {
    built = buildPackage(use)
  })
  afterEach(() => endAll(started))
  afterAll(async () => {
    await endAll(shared)
    built?.remove()
  })

  const packageOf = (): BuiltPackage => {
    assert(built)
    return built
  }
  const startAmong =
    (servers: ServerProcess[]) =>
    (environment: Record<string, string> = {}, args: string[] = []): ServerProcess => {
      const server = new ServerProcess(packageOf(), environment, args)
      servers.push(server)
      return server
    }
  return {
    fileOf: (...names: string[]): string => path.join(packageOf().folder, ...names),
    start: startAmong(started),
    /** For tests that only ask it: it ends with the last test of the file. */
    startShared: startAmong(shared),
  }
}

type Output = 'stdout' | 'stderr'

/** The running bin of the package. */
export class ServerProcess {
  stdout = ''
  stderr = ''
  /** Resolves with the exit code or the signal when the process has ended and both streams have been read. */
  readonly exited: Promise<number | string>
  readonly #child: ChildProcess

  /** `files` holds descriptors of files that take outputs. */
  constructor(
    { folder }: BuiltPackage,
    environment: Record<string, string> = {},
    args: string[] = [],
    files: { [Name in Output]?: number } = {},
  ) {
    const bin = path.join(folder, 'dist', 'bin.js')
    this.#child = spawn(process.execPath, [bin, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', files.stdout ?? 'pipe', files.stderr ?? 'pipe'],
    })
    this.#child.stdout?.on('data', (chunk) => {
      this.stdout += chunk
    })
    this.#child.stderr?.on('data', (chunk) => {
      this.stderr += chunk
    })
    this.exited = once(this.#child, 'close').then(([code, signal]) => code ?? signal)
  }

  /** Resolves with the address that it prints when it listens. */
  async url(): Promise<string> {
    return this.#find('stdout', /(?:listening on |any client at |^\{"url":")(http:[^\s,"]+)/)
  }

  /** What it says for people in development mode, with `--print text`. */
  async announcement(): Promise<string> {
    return this.#find('stdout', /^([\s\S]*\nURL=[\s\S]*-d '[^\n]*'\n)$/)
  }

  /** What it says for programs. */
  async started(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.#find('stdout', /^(\{"url".*\})\n/))
  }

  /** Resolves when the log has a record with this message. */
  async logged(message: string): Promise<void> {
    await this.#find('stderr', new RegExp(`("message":"${message}")`))
  }

  get log(): Record<string, unknown>[] {
    return this.stderr
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  /** Whether the process runs, also while its output is not read to the end. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The pipe of an output, for tests that stop reading it. */
  pipe(name: Output): Readable {
    const pipe = this.#child[name]
    assert(pipe)
    return pipe
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async #find(stream: Output, pattern: RegExp): Promise<string> {
    for (;;) {
      const [, found] = pattern.exec(this[stream]) ?? []
      if (found !== undefined) return found
      const isOpen = await Promise.race([
        once(this.pipe(stream), 'data').then(() => true),
        this.exited.then(() => false),
      ])
      if (!isOpen) throw new Error(`The server ended without ${pattern}:\n${this.stdout}${this.stderr}`)
    }
  }
}
