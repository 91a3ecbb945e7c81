/**
 * Whether a value has to be awaited, which costs more than most of what is awaited. Not by its class: where a host replaces the
 * global `Promise`, no async function returns one of that class.
 */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function'
}
