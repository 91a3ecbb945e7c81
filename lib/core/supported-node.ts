/**
 * Refuses a Node.js that this package does not run on: `engines` of package.json. An entry point loads this file before
 * any other. All three must be readable for releases from long ago, so they have no new syntax.
 */
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]

/** The first release of each of the oldest lines that has all of `node:crypto`. */
if (major < 20 || (major === 20 && minor < 19) || (major === 21 && minor < 7)) {
  throw new Error(
    `express-esql-async-query needs Node.js 20.19, 21.7 or later, and this is ${process.versions.node}`,
  )
}

export {}
