/** What the page knows. Whoever changes it says so with {@link changed}. */
export const state = {
  /** Tokens and sample queries, from the gateway. */
  session: undefined,
  user: 'alice',
  /** The queries of both users, the latest first. */
  runs: [],
  selected: undefined,
  /** The HTTP exchanges, the latest first. */
  exchanges: [],
}

export const USERS = { alice: 'Alice', mallory: 'Mallory' }

export function strangerOf(user) {
  return user === 'alice' ? 'mallory' : 'alice'
}

const bus = new EventTarget()

export function onChange(topics, listener) {
  for (const topic of topics.split(' ')) bus.addEventListener(topic, listener)
}

export function changed(topic) {
  bus.dispatchEvent(new Event(topic))
}

export function runsOf(user) {
  return state.runs.filter((run) => run.user === user)
}
