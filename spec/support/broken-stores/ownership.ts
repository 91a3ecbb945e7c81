import type { DeleteOptions } from '../../../lib/core/operations'
import { alice, STATES } from '../../../lib/test-kit/subject'
import type { BrokenStore } from './broken-store'
import { AT_ONCE } from './broken-store'

const asStranger = (method: string): string[] =>
  STATES.map((state) => `${method} answers a stranger as for an unknown id about a ${state} query`)

const brokenForStrangers: readonly BrokenStore[] = [
  {
    flaw: 'ignores the owner in get',
    breaks: (good) => ({ get: (id, _owner, options) => good.get(id, alice, options) }),
    caughtBy: asStranger('get'),
  },
  {
    flaw: 'ignores the owner in stop',
    breaks: (good) => ({ stop: (id) => good.stop(id, alice) }),
    caughtBy: asStranger('stop'),
  },
  {
    flaw: 'ignores the owner in delete',
    breaks: (good) => ({ delete: (id) => good.delete(id, alice) }),
    caughtBy: asStranger('delete'),
  },
  {
    flaw: 'moves the expiry before it checks the owner',
    breaks: (good) => ({
      async get(id, owner, { keepAliveMs, ...options }) {
        if (keepAliveMs) await good.get(id, alice, { ...AT_ONCE, keepAliveMs })
        return good.get(id, owner, options)
      },
    }),
    caughtBy: ["a stranger's get does not move the expiry"],
  },
  {
    flaw: 'waits before it checks the owner',
    breaks: (good) => ({
      async get(id, owner, options) {
        await good.get(id, alice, options)
        return good.get(id, owner, AT_ONCE)
      },
    }),
    caughtBy: ["a stranger's get does not wait"],
  },
  {
    flaw: 'stops before it checks the owner',
    breaks: (good) => ({
      async stop(id, owner) {
        await good.stop(id, alice)
        return good.stop(id, owner)
      },
    }),
    caughtBy: ["a stranger's stop does not stop the query"],
  },
  {
    flaw: 'deletes before it checks the owner',
    breaks: (good) => ({
      async delete(id, owner) {
        const isDeleted = await good.delete(id, alice)
        return isDeleted && owner === alice
      },
    }),
    caughtBy: ["a stranger's delete deletes nothing"],
  },
  {
    flaw: 'ignores upper and lower case in owners',
    breaks: (good) => ({
      get: (id, owner, options) =>
        good.get(id, owner.toLowerCase() === alice.toLowerCase() ? alice : owner, options),
    }),
    caughtBy: ['owners that merely look alike are strangers'],
  },
  {
    flaw: 'looks owners up with LIKE',
    breaks: (good) => ({
      get: (id, owner, options) => good.get(id, owner.endsWith('%') ? alice : owner, options),
    }),
    caughtBy: ['owners that merely look alike are strangers'],
  },
]

/** A flaw in the use of the options of delete. */
function inAnyOwner(change: (options: DeleteOptions | undefined) => DeleteOptions): BrokenStore['breaks'] {
  return (good) => ({ delete: (id, owner, options) => good.delete(id, owner, change(options)) })
}

const brokenForTaskCancellers: readonly BrokenStore[] = [
  {
    flaw: 'ignores anyOwner',
    breaks: inAnyOwner(() => ({})),
    caughtBy: STATES.map((state) => `delete with anyOwner deletes the ${state} query of another owner`),
  },
  {
    flaw: 'treats anyOwner: false as true',
    breaks: inAnyOwner((options) => ({ anyOwner: options !== undefined && 'anyOwner' in options })),
    caughtBy: ['delete with anyOwner: false deletes nothing of another owner'],
  },
  {
    flaw: 'answers true to each delete with anyOwner',
    breaks: (good) => ({
      delete: async (id, owner, options) =>
        (await good.delete(id, owner, options)) || options?.anyOwner === true,
    }),
    caughtBy: ['delete with anyOwner answers false for an unknown id'],
  },
]

export const brokenOwnerships: readonly BrokenStore[] = [...brokenForStrangers, ...brokenForTaskCancellers]
