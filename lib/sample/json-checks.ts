import type { Value, ValueObject } from '../index'

export function readObject(value: Value | undefined, where: string, known?: readonly string[]): ValueObject {
  if (!isObject(value)) throw new Error(`${where} must be an object`)
  const unknown = known && Object.keys(value).find((name) => !known.includes(name))
  if (known && unknown !== undefined) {
    throw new Error(`${where} does not know \`${unknown}\`; known are: ${known.join(', ')}`)
  }
  return value
}

export function readArray(value: Value | undefined, where: string): readonly Value[] {
  if (!Array.isArray(value)) throw new Error(`${where} must be an array`)
  return value
}

export function readText(value: Value | undefined, where: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${where} must be a text`)
  return value
}

export function isObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
