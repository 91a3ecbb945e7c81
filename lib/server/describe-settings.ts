import type { Part, Setting } from './setting-kinds'
import { OPTION_TABLES } from './setting-kinds'
import { ALL_SETTINGS, flagOf, optionsOf, variableOf } from './settings'

/** The default of a setting as `--help` shows it, if it has one. */
export function defaultOf(setting: Setting<unknown>): string | undefined {
  const [part, option = ''] = (setting.option?.split('.') ?? []) as [Part?, string?]
  const row = part && Reflect.get(OPTION_TABLES[part], option)
  const { default: value, defaultInWords = row?.defaultInWords } = { ...row, ...setting }
  if (defaultInWords === undefined) return value === undefined ? undefined : (setting.show ?? String)(value)
  const others = new Map(part && optionsOf(part))
  return defaultInWords.replace(/`(\w+)`/g, (quoted: string, name: string) => {
    const other = others.get(name)
    return other ? variableOf(other) : quoted
  })
}

export function describeSettings(): string {
  return ALL_SETTINGS.map((setting) => {
    const flag = setting.isSecret ? '(no flag)' : `--${flagOf(setting)} ${setting.placeholder}`
    const value = defaultOf(setting)
    const about = value === undefined ? setting.about : `${setting.about} [${value}]`
    return `  ${flag.padEnd(32)} ${variableOf(setting)}\n      ${about}`
  }).join('\n')
}
