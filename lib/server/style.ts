import { WriteStream } from 'node:tty'
import { inspect } from 'node:util'

/** How a text stands out, where colours show. Elsewhere it stays as it is. */
export type Style = Readonly<Record<keyof typeof FORMATS, (text: string) => string>>

const FORMATS = {
  strong: 'bold',
  dim: 'dim',
  link: 'cyan',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
} as const

interface Output {
  isTTY?: boolean
}

/** `environment`: it may say whether colours are wanted. */
export function styleFor(output: Output, environment: NodeJS.ProcessEnv = process.env): Style {
  const isColoured = hasColours(output, environment)
  const styles = Object.entries(FORMATS).map(([name, format]) => {
    const [begin = 0, end = 0] = inspect.colors[format] ?? []
    const styled = (text: string): string =>
      isColoured && text !== '' ? `\u001b[${begin}m${text}\u001b[${end}m` : text
    return [name, styled]
  })
  return Object.fromEntries(styles)
}

/** A terminal shows colours unless `NO_COLOR` or `TERM` say no, and everything does with `FORCE_COLOR`. */
function hasColours({ isTTY }: Output, environment: NodeJS.ProcessEnv): boolean {
  if (isTTY !== true && environment.FORCE_COLOR === undefined) return false
  // It reads nothing of a stream, so it can judge every one.
  return WriteStream.prototype.getColorDepth({ ...environment }) > 1
}

/** How to print, where nobody has said it. */
export function printFor(output: Output): 'text' | 'json' {
  return output.isTTY ? 'text' : 'json'
}
