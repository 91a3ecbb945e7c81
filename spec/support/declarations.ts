import { readFileSync } from 'node:fs'
import path from 'node:path'

/** A declaration that the package exports. */
export interface Declaration {
  name: string
  hasDocstring: boolean
  /** The interfaces, types and classes of the package that it names. */
  names: readonly string[]
}

/** A top-level declaration of a `.d.ts` file as the compiler writes it, with the comment before it. */
const DECLARATION =
  /^(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:export )?(?:declare )?(?:abstract )?(interface|type|class|const|function) (\w+)[\s\S]*?(?=^\S(?<!\}|\]|\)))/gm

const REFERENCE = /^(import|export)(?: type)? \{([^}]*)\} from '(\.[^']*)'/gm

/** The exports of a `.d.ts` file, including those that another file declares. */
export function exportedBy(file: string): Declaration[] {
  const text = readFileSync(file, 'utf8')
  const foreign = namesFrom(file, text, 'export')
  const own = [...text.matchAll(/^export (?:declare )?(?:\w+ )+?(\w+)(?=[\s<:=({])/gm)]
  return [
    ...own.map(([, name = '']) => declarationOf(file, name)),
    ...[...foreign].map(([name, from]) => declarationOf(from, name)),
  ]
}

/** The names that a file takes from other files, with these files. */
function namesFrom(file: string, text: string, kind: 'import' | 'export'): Map<string, string> {
  const references = [...text.matchAll(REFERENCE)].filter(([, keyword]) => keyword === kind)
  const entries = references.flatMap(([, , names = '', from = '']) => {
    const other = `${path.join(path.dirname(file), from)}.d.ts`
    return [...names.matchAll(/(\w+)\s*(?:,|$)/g)].map(([, name = '']) => [name, other] as const)
  })
  return new Map(entries)
}

function declarationOf(file: string, name: string): Declaration {
  const source = readFileSync(file, 'utf8')
  const elsewhere = namesFrom(file, source, 'export').get(name)
  if (elsewhere !== undefined) return declarationOf(elsewhere, name)
  const found = [...`${source}\n;`.matchAll(DECLARATION)]
  const match = found.find(([, , , declared]) => declared === name)
  if (!match) throw new Error(`${file} does not declare ${name}`)
  const [whole, comment] = match
  const text = whole.replace(/\/\*[\s\S]*?\*\/|'[^']*'/g, '')
  const types = found.filter(([, , kind = '']) => ['interface', 'type', 'class'].includes(kind))
  const known = [...namesFrom(file, source, 'import').keys(), ...types.map(([, , , declared]) => declared)]
  const words = new Set(text.match(/(?<![.#\w])\w+\b(?!\??:)/g))
  words.delete(name)
  return {
    name,
    hasDocstring: comment !== undefined,
    names: [...words].filter((word) => known.includes(word)),
  }
}
