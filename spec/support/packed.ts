import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { madeOnce } from './made-once'

const ROOT = path.join(__dirname, '..', '..')
const NAME = 'express-esql-async-query'

/** A project that has installed the packed package and nothing else. */
export interface Consumer {
  folder: string
  /** Path of the packed package. */
  tarball: string
  /** Where the package is installed. */
  installed: string
  /** Puts a file into the project and returns its path. */
  write(name: string, text: string): string
  /** Runs a program in the project and returns its output. */
  run(command: string, ...args: string[]): string
  /** Type-checks the project and returns the compiler's complaints. */
  tsc(): string
  /** The command that the package installs. */
  binName: string
  remove(): void
}

/** Packs the package as `npm publish` would, and unpacks it into a fresh project with the dependencies of this one. */
export function createConsumer(): Consumer {
  const folder = mkdtempSync(path.join(tmpdir(), `${NAME}-`))
  const tarball = pack()
  const modules = path.join(folder, 'node_modules')
  const installed = path.join(modules, NAME)
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name))
  }
  mkdirSync(path.join(modules, '.bin'))
  const { bin } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'))
  const [binName = '', binFile = ''] = Object.entries<string>(bin)[0] ?? []
  chmodSync(path.join(installed, binFile), 0o755)
  symlinkSync(path.join(installed, binFile), path.join(modules, '.bin', binName))
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8' })
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name)
    writeFileSync(file, text)
    return file
  }
  write('package.json', JSON.stringify({ name: 'consumer', private: true }))
  return {
    folder,
    tarball,
    installed,
    write,
    run,
    tsc: () => {
      const compiler = path.join(ROOT, 'node_modules', '.bin', 'tsc')
      return spawnSync(compiler, ['-p', '.', '--singleThreaded'], { cwd: folder, encoding: 'utf8' }).stdout
    },
    binName,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The files that the package contains, and those that build it. */
const SOURCES = [
  'lib',
  'tools',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'api-spec.yaml',
  'sample-queries.json',
  'README.md',
  'docs',
  'examples',
  'LICENSE',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
]

/** Packs a copy, because packing compiles, and specs that run at the same time must not share the compiled files. */
function pack(): string {
  const made = madeOnce('package', SOURCES, (folder) => {
    const copy = mkdtempSync(path.join(tmpdir(), `${NAME}-copy-`))
    try {
      copySources(copy)
      execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: copy })
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  })
  return path.join(made, readdirSync(made)[0] ?? '')
}

/** Copies what the package is built of into a folder that is there, with the dependencies that are installed. */
export function copySources(folder: string): void {
  const filter = (source: string): boolean => path.basename(source) !== 'node_modules'
  for (const name of SOURCES) {
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true, filter })
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
}

/** Compiler settings of a project in strict TypeScript. Not every library's own types pass them. */
export const strictTsconfig = ({ skipLibCheck = false } = {}): string =>
  JSON.stringify({
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      module: 'nodenext',
      target: 'es2023',
      types: ['node'],
      noEmit: true,
      skipLibCheck,
    },
    include: ['*.ts', '*.mts', '*.cts'],
  })
