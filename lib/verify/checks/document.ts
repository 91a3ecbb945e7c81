import type { Check } from '../check'
import type { Session } from '../session'

/** A good and a bad request of each operation. What the other checks have asked before counts too. */
const EXCHANGES: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
  async submit(session) {
    await session.kept()
    await session.submit({ nonsense: 1 })
  },
  async get(session) {
    const { id } = await session.kept()
    await session.get(id)
    await session.get(id, 'nonsense=1')
  },
  async stop(session) {
    const { id } = await session.kept()
    await session.stop(id)
    await session.stop(id, 'nonsense=1')
  },
  async delete(session) {
    const id = await session.unknownId()
    await session.delete(id)
  },
  async query(session) {
    const body = { query: session.target.queries.completes }
    await session.ask('POST /_query', { body })
    await session.ask('POST /_query?nonsense=1', { body })
  },
  list: (session) => session.ask('GET /_query/queries'),
}

const LEVELS: Readonly<Record<string, Check['level']>> = { query: 'should', list: 'should' }

export const DOCUMENT: readonly Check[] = Object.entries(EXCHANGES).map(([operation, ask]) => ({
  name: `document.${operation}.documented`,
  level: LEVELS[operation] ?? 'must',
  says: `every answer to ${operation} has the status, headers and body that api-spec.yaml documents`,
  source: { page: 'document', line: operation },
  since: operation === 'list' ? '9.1' : '8.19',
  async ask(session) {
    await ask(session)
    session.journal.assertDocumented(operation)
  },
}))
