/** V8 13 and later, as of Node.js 24, let objects share their shape whatever Express does to them. */
const SHARES_SHAPES = Number.parseInt(process.versions.v8, 10) >= 13

/**
 * Makes a request or a response cheap to use, without a change that anybody sees. Express gives each of them another prototype
 * and then adds properties, after which it has a shape of its own: every function, of Node.js too, looks up each of its
 * properties anew. Objects that have lost a property share a shape, but take up to two kilobytes more. So a response does that only
 * when its answer is there: tens of thousands may wait.
 *
 * `name`: of a property, which gets lost and comes back.
 */
export function shareShape<Name extends string>(object: { [Key in Name]?: unknown }, name: Name): void {
  if (SHARES_SHAPES) return
  const value = object[name]
  if (Reflect.deleteProperty(object, name)) object[name] = value
}
