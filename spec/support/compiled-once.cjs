const { Script } = require('node:vm')
const Runtime = require('jest-runtime').default

/** Whether a module may call `import()`. V8 finds no code again that it has compiled for that. */
const IMPORTS = /\bimport\s*\(/

/**
 * Globals that no test replaces. Modules get them as variables: to look for a name in the global object of a context takes
 * so long that code of ours which asks `Array.isArray` for each cell would mostly do that.
 */
const AT_HAND = [
  ...['Array', 'BigInt', 'Boolean', 'Buffer', 'Error', 'JSON', 'Map', 'Math', 'Number', 'Object', 'Promise'],
  ...['Reflect', 'RegExp', 'Set', 'String', 'Symbol', 'TypeError', 'Uint8Array', 'WeakMap'],
].join(', ')

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
      const begin = `((${AT_HAND}) => function (${executor.injectedModuleParameters.join(', ')}) {`
      try {
        const script = new Script(`${begin}${code}\n})(${AT_HAND})`, {
          filename,
          columnOffset: -begin.length,
        })
        return script.runInContext(context)
      } catch {
        // Jest says what is wrong with the code.
        return compile(code, filename)
      }
    }
  }
}
