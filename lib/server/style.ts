import type { WriteStream } from 'node:tty'
import { inspect } from 'node:util'

/** How a text stands out on a terminal. Elsewhere, and where `NO_COLOR` is set, it stays as it is. */
export type Style = Readonly<Record<keyof typeof FORMATS, (text: string) => string>>

const FORMATS = {
  strong: 'bold',
  dim: 'dim',
  link: 'cyan',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
} as const

type Output = Pick<WriteStream, 'isTTY' | 'hasColors'>

/** `environment`: it may say that colours are not wanted. */
export function styleFor(output: Output, environment: NodeJS.ProcessEnv = process.env): Style {
  // Node.js goes by `NO_COLOR` and `TERM` here.
  const isColoured = output.isTTY && output.hasColors({ ...environment })
  const styles = Object.entries(FORMATS).map(([name, format]) => {
    const [begin = 0, end = 0] = inspect.colors[format] ?? []
    const styled = (text: string): string =>
      isColoured && text !== '' ? `\u001b[${begin}m${text}\u001b[${end}m` : text
    return [name, styled]
  })
  return Object.fromEntries(styles)
}

/** How to print, where nobody has said it. */
export function printFor(output: Pick<Output, 'isTTY'>): 'text' | 'json' {
  return output.isTTY ? 'text' : 'json'
}
