import { closest } from '../core/did-you-mean'
import type { Check } from './check'

/** Which checks to ask. Each word is a name, or a part of names between dots: `life`, `life.stop`, `stop`. */
export interface CheckSelection {
  /** Just these. @default all */
  only?: readonly string[]
  /** All but these. */
  skip?: readonly string[]
}

/** Why a check is not asked if others are. */
export const NOT_CHOSEN = 'not chosen'

/** Why a check is not asked, or `undefined`. Throws a `TypeError` for a word that fits no check. */
export function createSelection(
  { only, skip = [] }: CheckSelection,
  checks: readonly Check[],
): (check: Check) => string | undefined {
  for (const word of [...(only ?? []), ...skip]) {
    if (checks.some(({ name }) => fits(name, word))) continue
    const words = new Set(checks.flatMap(({ name }) => [name, ...name.split('.')]))
    const [suggestion] = closest(word, words)
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    throw new TypeError(`no check is named \`${word}\`${hint}`)
  }
  return ({ name }) => {
    if (only && !only.some((word) => fits(name, word))) return NOT_CHOSEN
    return skip.some((word) => fits(name, word)) ? 'left out' : undefined
  }
}

function fits(name: string, word: string): boolean {
  return `.${name}.`.includes(`.${word}.`)
}
