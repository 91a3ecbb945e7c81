import { transformSync } from '@swc/core'
import * as api from 'express-esql-async-query'
import * as double from 'express-esql-async-query/double'
import * as testKit from 'express-esql-async-query/test-kit'
import { DOCUMENTATION } from './documented'

/** The blocks of a language in a text, in order. */
export function blocksIn(markdown: string, language: string): string[] {
  return Array.from(markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm))
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text)
}

export const SNIPPETS: readonly string[] = blocksIn(DOCUMENTATION, 'ts')

/** The snippet that has a text. */
export const snippetWith = (text: string): string => SNIPPETS.find((snippet) => snippet.includes(text)) ?? ''

export function toCommonJs(snippet: string): string {
  return transformSync(snippet, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  }).code
}

/** Runs no test: there is no server to ask. */
export const IDLE: testKit.TestRunner = { describe: (_, body) => body(), it: () => {} }

/** Runs a snippet that uses the package, and gives it the functions of the test runner. Returns what it exports. */
export function runSnippet(
  snippet: string,
  runner: testKit.TestRunner = { describe, it },
): Record<string, unknown> {
  const modules: Record<string, unknown> = {
    'express-esql-async-query': api,
    'express-esql-async-query/test-kit': testKit,
    'express-esql-async-query/double': double,
  }
  const exported = {}
  new Function('require', 'exports', 'describe', 'it', toCommonJs(snippet))(
    (name: string) => modules[name] ?? require(name),
    exported,
    runner.describe,
    runner.it,
  )
  return exported
}

/** What the snippet with this function exports under its name. */
export function exportOf<Exported>(name: string): Exported {
  const snippet = SNIPPETS.find((text) =>
    new RegExp(`export (async )?(function|const) ${name}\\b`).test(text),
  )
  return runSnippet(snippet ?? '')[name] as Exported
}
