import { CHECKS } from '../../lib/verify/all-checks'
import type { Check } from '../../lib/verify/check'
import { GROUPS, groupOf } from '../../lib/verify/check'
import { PAGES } from '../../lib/verify/sources'
import type { Result } from '../../lib/verify/verify'
import { markdownTable } from './documented'

/** The outcomes of the same checks against several servers, as a page. */
export function conformancePage(runs: ReadonlyMap<string, readonly Result[]>): string {
  const names = [...runs.keys()]
  const header = ['check', 'level', 'what holds', ...names, 'source']
  const reasons: string[] = []
  const markOf = (check: Check, name: string): string => {
    const result = runs.get(name)?.find((other) => other.check === check)
    if (result?.outcome !== 'skipped') return result?.outcome === 'passed' ? 'yes' : 'no'
    if (!reasons.includes(result.reason)) reasons.push(result.reason)
    return `not asked (${reasons.indexOf(result.reason) + 1})`
  }
  const sections = GROUPS.map((group) => {
    const rows = CHECKS.filter((check) => groupOf(check) === group).map((check) => [
      `\`${check.name}\``,
      check.level,
      check.says.replaceAll('|', '\\|'),
      ...names.map((name) => markOf(check, name)),
      sourceOf(check),
    ])
    return `## ${group}\n\n${markdownTable([header, ...rows])}`
  })
  const notes = reasons.map((reason, index) => `${index + 1}. ${reason}`)
  const footnotes = notes.length === 0 ? '' : `\n## Not asked\n\n${notes.join('\n')}\n`
  return `${INTRODUCTION}\n${sections.join('\n')}${footnotes}`
}

const INTRODUCTION = `# Conformance

What \`npx express-esql-async-query verify\` finds out about each store of this package, behind a gateway, and about the double. Specs make this page
of a real run and compare it; \`npm run conformance\` writes it. \`ElasticsearchStore\` stands in front of a stand-in cluster there,
not of Elasticsearch.

Clients rely on what is \`must\`. What is \`should\` is good to have, or Elasticsearch's own server does something else. The
names are stable: \`--only\` and \`--skip\` take them, or parts of them between dots.
`

function sourceOf({ source: { page, line } }: Check): string {
  const { title, url } = PAGES[page]
  return `[${title}](${url}), ${line}`.replaceAll('|', '\\|')
}
