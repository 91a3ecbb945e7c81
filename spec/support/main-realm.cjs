const { ModuleMocker } = require('jest-mock')

/** Jest replaces one of them too: `getBuiltinModule`. */
const KEPT = ['env', 'exit', 'exitCode', 'getBuiltinModule', 'emitWarning', 'title']

// Else a library that brings a `fetch` of its own could change this one.
void Response

/**
 * Runs a spec with the globals of the process, as Node.js runs a program, and not with copies of them. So specs can share
 * libraries (`loaded-once.cjs`). What a spec changes of the globals, and of those parts of `process` that specs change, is put back when it has ended.
 */
module.exports = class MainRealm {
  global = globalThis
  moduleMocker = new ModuleMocker(globalThis)
  fakeTimersModern = { useFakeTimers: refuseFakeTimers, useRealTimers() {} }
  #context = globalThis
  #globals = Object.getOwnPropertyDescriptors(globalThis)
  #process = KEPT.map((name) => [name, process[name]])
  #env = Object.getOwnPropertyDescriptors({ ...process.env })
  #folder = process.cwd()
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
    for (const [name, value] of this.#process) if (process[name] !== value) process[name] = value
    putBack(process.env, this.#env)
    if (process.cwd() !== this.#folder) process.chdir(this.#folder)
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
