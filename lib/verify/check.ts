import type { Session } from './session'
import type { PageName } from './sources'
import type { Need } from './target'

export const GROUPS = ['wire', 'life', 'owners', 'formats', 'errors', 'document'] as const
export type Group = (typeof GROUPS)[number]

/** `must`: clients rely on it. `should`: good to have, or Elasticsearch's own server does something else. */
export type Level = 'must' | 'should'

/** One question to a server. */
export interface Check {
  /** Stable: its group, what it is about, and what must hold, with dots between them. */
  name: string
  level: Level
  /** What holds, as a sentence without its dot. */
  says: string
  /** Where that is written. */
  source: { page: PageName; line: string }
  needs?: readonly Need[]
  /** The release of Elasticsearch that is the first to do so. Left out, all do. */
  since?: string
  /** Rejects with a {@link Breach} if it does not hold, and with a {@link Skip} if it cannot be asked. */
  ask(session: Session): Promise<void>
}

export function groupOf({ name }: Pick<Check, 'name'>): Group {
  return GROUPS.find((group) => name.startsWith(`${group}.`)) ?? 'wire'
}
