/** The fields of an object that have a value. */
export function withoutMissing<Fields extends object>(fields: Fields): PresentFields<Fields> {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as PresentFields<Fields>
}

type PresentFields<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }
