import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { rawApiSpec } from '../support/api-document'
import { PAGES, pageOf, tablesOf } from '../support/documented'
import { anchorsOf, linksOf } from '../support/links'

const ROOT = path.join(__dirname, '..', '..')
const EXAMPLES = readdirSync(path.join(ROOT, 'examples')).map((name) => `examples/${name}/README.md`)
const DOCUMENTS = [...PAGES, 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...EXAMPLES]

/** What is wrong with a link of a document, or `undefined`. */
function faultOf(target: string, document: string): string | undefined {
  const [file = '', anchor] = target.split('#')
  const found = file === '' ? document : path.join(path.dirname(document), file)
  const absolute = path.join(ROOT, found)
  if (!existsSync(absolute)) return `${target}: there is no file ${found}`
  if (anchor === undefined || anchorsOf(readFileSync(absolute, 'utf8')).includes(anchor)) return undefined
  return `${target}: ${found} has no heading for it`
}

describe('a link', () => {
  it('to a missing file or heading is found', () => {
    expect(linksOf('[a](b.md) and [c](https://d) and [e](#f)\n```sh\n[g](h)\n```\n')).toEqual(['b.md', '#f'])
    expect(anchorsOf('# A `b`, c\n## A b c\n```sh\n# d\n```\n')).toEqual(['a-b-c', 'a-b-c-1'])
    expect(
      ['nowhere.md', '#nothing', 'README.md#versions', '#versions'].map((to) => faultOf(to, 'README.md')),
    ).toEqual([
      'nowhere.md: there is no file nowhere.md',
      '#nothing: README.md has no heading for it',
      undefined,
      undefined,
    ])
  })

  it.each(DOCUMENTS)('of %s leads to a file and a heading', (document) => {
    const faults = linksOf(pageOf(document)).map((target) => faultOf(target, document))
    expect(faults.filter((fault) => fault !== undefined)).toEqual([])
  })
})

describe('docs/http-api.md', () => {
  it('lists exactly the headers of answers', () => {
    const documented = JSON.stringify(rawApiSpec).matchAll(/"([\w-]+)":\{"\$ref":"#\/components\/headers\//g)
    const [, rows = []] = tablesOf(pageOf('docs/http-api.md'), 'header')
    const names = new Set(Array.from(documented, ([, name]) => `\`${name}\``))
    expect(rows.map(([name]) => name).sort()).toEqual([...names].sort())
  })
})

describe('docs/tokens.md', () => {
  const sources = (folder: string): string[] =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') || file.endsWith('.js'))
      .map((file) => readFileSync(path.join(ROOT, folder, file), 'utf8'))

  it('explains every reason for a 401', () => {
    const [rows = []] = tablesOf(pageOf('docs/tokens.md'), 'reason')
    const reasons = rows.map(([cell = '']) => cell.replace(/^(`+) ?(.*?) ?\1$/, '$2'))
    const thrown = Array.from(
      sources('lib/jwt')
        .join('\n')
        .matchAll(/refused\(\s*(['`])((?:\\.|(?!\1).)*)\1/g),
    )
    const ours = thrown.map(([, , text = '']) =>
      text.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '…').replaceAll('\\', ''),
    )
    expect(ours.length).toBeGreaterThan(20)
    expect(ours.filter((reason) => !reasons.includes(reason))).toEqual([])
    const others = sources('node_modules/jsonwebtoken').concat(sources('lib/telemetry')).join('\n')
    const invented = reasons.filter(
      (reason) => !ours.includes(reason) && !others.includes(`'${reason.replace(/…$/, '')}'`),
    )
    expect(invented).toEqual([])
  })
})

describe('docs/troubleshooting.md', () => {
  it('quotes reasons as the code has them', () => {
    const sources = readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(path.join(ROOT, 'lib', file), 'utf8'))
      .join('\n')
    const [rows = []] = tablesOf(pageOf('docs/troubleshooting.md'), '`reason`')
    const quoted = rows.map(([cell = '']) => cell.replaceAll('`', ''))
    expect(quoted.length).toBe(10)
    // What stands in brackets, and who is meant, comes in when the error is made.
    const words = quoted
      .flatMap((reason) =>
        reason.split(/ ?\[?…[\]b]*\]? ?|^you have|^the server has|^data for (?:your|all) async queries/),
      )
      .map((part) => part.trim())
    expect(words.filter((part) => !sources.includes(part))).toEqual([])
  })
})

describe('the README', () => {
  it('has at most 12 KB', () => {
    expect(Buffer.byteLength(pageOf('README.md'))).toBeLessThanOrEqual(12 * 1024)
  })

  it('leads to every page of docs/, over at most one other page', () => {
    const reached = new Set(['README.md'])
    for (const page of ['README.md', ...linksOf(pageOf('README.md'))]) {
      const [file = ''] = page.split('#')
      if (!PAGES.includes(file)) continue
      reached.add(file)
      for (const target of linksOf(pageOf(file)))
        reached.add(path.join(path.dirname(file), target.split('#')[0] ?? ''))
    }
    expect(PAGES.filter((page) => !reached.has(page))).toEqual([])
  })
})
