import { GivenSettings } from '../../server/given-settings'
import { visible } from '../../server/pretty-line'
import { SETTINGS } from '../../server/settings'
import type { Style } from '../../server/style'
import { printFor, styleFor } from '../../server/style'
import { EXIT } from '../exit-codes'
import { checkAll } from './checks'
import type { Finding, Outcome } from './finding'

const HELP = `Usage: express-esql-async-query --check [FLAGS]

Reads the settings as a start of the gateway does, and asks whether each is good: the keys that check tokens, the cluster and
what its account may do, sealing keys, the catalogue, the database, and the exporter of measurements. It starts nothing, and
creates nothing. It prints a line for each check, or JSON where nobody reads it on a terminal; --print text or --print json
says which.

It takes the flags and variables of the gateway: see --help without --check.

Exit code: 0 if all is good, 1 if something is wrong, 2 if a flag is.
`

const STYLES: Readonly<Record<Outcome, keyof Style>> = {
  ok: 'good',
  warning: 'warning',
  failed: 'bad',
  skipped: 'dim',
}

export async function runCheck(args: readonly string[]): Promise<number> {
  const given = new GivenSettings(args, process.env)
  if (given.action !== undefined) {
    process.stdout.write(HELP)
    return EXIT.done
  }
  const print = given.read(SETTINGS.print) ?? printFor(process.stdout)
  const style = styleFor(process.stdout)
  const checks: Finding[] = []
  for await (const finding of checkAll(given)) {
    checks.push(finding)
    if (print === 'text') process.stdout.write(lineOf(finding, style))
  }
  const isGood = checks.every(({ outcome }) => outcome !== 'failed')
  if (print === 'json') process.stdout.write(`${JSON.stringify({ ok: isGood, checks })}\n`)
  return isGood ? EXIT.done : EXIT.failed
}

function lineOf({ check, outcome, says, todo }: Finding, style: Style): string {
  const hint = todo === undefined ? '' : `; ${todo}`
  return `${style[STYLES[outcome]](outcome.padEnd(8))} ${check.padEnd(13)} ${visible(oneLine(says + hint))}\n`
}

/** Errors of databases and parsers may have several lines. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
