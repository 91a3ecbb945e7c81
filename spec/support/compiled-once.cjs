const { Script } = require('node:vm')
const Runtime = require('jest-runtime').default

/** Whether a module may call `import()`. V8 finds no code again that it has compiled for that. */
const IMPORTS = /\bimport\s*\(/

/**
 * Runs each spec in modules of its own, as Jest does, but compiles them in a way that lets V8 find the code that it has
 * made for an earlier spec of this process. Only code is shared, and no state. A spec that starts a gateway loads a
 * thousand modules, so this is a third of its time.
 */
module.exports = class CompiledOnce extends Runtime {
  constructor(...args) {
    super(...args)
    const [, environment] = args
    const { executor } = this
    // What an executor is may change with any version of Jest: specs are then slower, and run as before.
    if (!Array.isArray(executor?.injectedModuleParameters)) return
    const compile = executor.compile.bind(executor)
    executor.compile = (code, filename) => {
      const context = environment.getVmContext()
      if (context === null || IMPORTS.test(code)) return compile(code, filename)
      const begin = `(function (${executor.injectedModuleParameters.join(', ')}) {`
      try {
        const script = new Script(`${begin}${code}\n})`, { filename, columnOffset: -begin.length })
        return script.runInContext(context)
      } catch {
        // Jest says what is wrong with the code.
        return compile(code, filename)
      }
    }
  }
}
