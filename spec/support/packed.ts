import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.join(__dirname, '..', '..')
const NAME = 'express-esql-async-query'

/** A project that has installed the packed package and nothing else. */
export interface Consumer {
  folder: string
  /** Puts a file into the project and returns its path. */
  write(name: string, text: string): string
  /** Runs a program in the project and returns what it printed. */
  run(command: string, ...args: string[]): string
  remove(): void
}

/** Packs the package as `npm publish` would, and unpacks it into a fresh project with the dependencies of this one. */
export function createConsumer(): Consumer {
  const folder = mkdtempSync(path.join(tmpdir(), `${NAME}-`))
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT })
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  const modules = path.join(folder, 'node_modules')
  const installed = path.join(modules, NAME)
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', path.join(folder, tarball), '-C', installed, '--strip-components=1'])
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name))
  }
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name)
    writeFileSync(file, text)
    return file
  }
  write('package.json', JSON.stringify({ name: 'consumer', private: true }))
  return {
    folder,
    write,
    run: (command, ...args) => execFileSync(command, args, { cwd: folder, encoding: 'utf8' }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Compiler settings of a project in strict TypeScript. */
export const STRICT_TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    noEmit: true,
  },
  include: ['*.ts', '*.mts', '*.cts'],
})
