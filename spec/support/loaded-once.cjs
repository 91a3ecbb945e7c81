const { Script } = require('node:vm')
const Runtime = require('jest-runtime').default

/**
 * A library, which a process loads once for all its specs. Packages that specs have built are none, and the part of Jest
 * that runs the tests of one spec is loaded for each.
 */
const LIBRARY = /[\\/]node_modules[\\/](?!\.cache[\\/]|jest-circus[\\/])/

/**
 * Runs each spec in modules of its own, as Jest does, but not the libraries: most specs load the same thousand modules,
 * which take longer than their tests. Compiles ours in a way that lets V8 find the code again that it has made for an
 * earlier spec. Holds for specs that run in `main-realm.cjs`, where an error or an array of a library is one of the spec.
 */
module.exports = class LoadedOnce extends Runtime {
  #inMainRealm
  #asyncHooks
  #storages = []

  constructor(...args) {
    super(...args)
    const [, environment] = args
    this.#inMainRealm = environment.global === globalThis
    if (!this.#inMainRealm) return
    const { executor } = this
    executor.compile = (code, filename) => {
      if (environment.getVmContext() === null) return null
      const begin = `(function (${executor.injectedModuleParameters.join(', ')}) {`
      return new Script(`${begin}${code}\n})`, { filename, columnOffset: -begin.length }).runInThisContext()
    }
  }

  requireModule(from, name, ...rest) {
    if (!name || !this.#inMainRealm) return super.requireModule(from, name, ...rest)
    if (this._resolution.isCoreModule(name)) {
      const module = super.requireModule(from, name, ...rest)
      return name.endsWith('async_hooks') ? this.#noted(module) : module
    }
    const file = this._resolution.resolveCjs(from, name)
    return LIBRARY.test(file) ? require(file) : super.requireModule(from, name, ...rest)
  }

  /** Before Node.js 24, each storage that was ever used costs time at every promise of the process, until it is disabled. */
  #noted(module) {
    const storages = this.#storages
    this.#asyncHooks ??= {
      ...module,
      AsyncLocalStorage: class AsyncLocalStorage extends module.AsyncLocalStorage {
        constructor(...args) {
          super(...args)
          storages.push(this)
        }
      },
    }
    return this.#asyncHooks
  }

  teardown() {
    super.teardown()
    for (const storage of this.#storages) storage.disable()
  }
}
