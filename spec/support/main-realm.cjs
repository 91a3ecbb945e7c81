const { ModuleMocker } = require('jest-mock')

/**
 * Runs a spec with the globals of the process, as Node.js runs a program, and not with copies of them. So specs can share
 * libraries (`loaded-once.cjs`). What a spec changes of the globals and of `process` is put back when it has ended.
 */
module.exports = class MainRealm {
  global = globalThis
  moduleMocker = new ModuleMocker(globalThis)
  fakeTimersModern = { useFakeTimers: refuseFakeTimers, useRealTimers() {} }
  #context = globalThis
  #globals = Object.getOwnPropertyDescriptors(globalThis)
  #env = Object.getOwnPropertyDescriptors({ ...process.env })
  #exit = process.exit
  #exitCode = process.exitCode
  #listeners = new Set(listeners().map(({ listener }) => listener))

  getVmContext() {
    return this.#context
  }

  exportConditions() {
    return ['node', 'node-addons']
  }

  async setup() {}

  async teardown() {
    this.#context = null
    putBack(globalThis, this.#globals)
    putBack(process.env, this.#env)
    process.exit = this.#exit
    process.exitCode = this.#exitCode
    for (const { name, listener } of listeners()) {
      if (!this.#listeners.has(listener)) process.off(name, listener)
    }
  }
}

function refuseFakeTimers() {
  throw new Error(
    'Node.js itself would stand still. A spec with fake timers begins with /** @jest-environment node */',
  )
}

function putBack(object, before) {
  for (const key of Reflect.ownKeys(object)) {
    if (!Object.hasOwn(before, key)) Reflect.deleteProperty(object, key)
  }
  for (const key of Reflect.ownKeys(before)) {
    const { value, get } = Reflect.getOwnPropertyDescriptor(object, key) ?? {}
    if (!Object.is(value, before[key].value) || get !== before[key].get) {
      Reflect.defineProperty(object, key, before[key])
    }
  }
}

function listeners() {
  const names = process.eventNames()
  return names.flatMap((name) => process.rawListeners(name).map((listener) => ({ name, listener })))
}
