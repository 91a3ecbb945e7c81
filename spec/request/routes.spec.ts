import type { AsyncQueryStore } from '../../lib/core/store'
import { allowedMethods, matchRoute } from '../../lib/request/routes'

const getOnly: AsyncQueryStore = { get: () => Promise.resolve(undefined) }
const unused = () => Promise.reject(new Error('not called'))
const complete: AsyncQueryStore = {
  ...getOnly,
  submit: unused,
  stop: () => Promise.resolve(undefined),
  delete: () => Promise.resolve(false),
}

describe('matchRoute', () => {
  it.each([
    ['/_query', ['POST'], ''],
    ['/_query/', ['POST'], ''],
    ['/_query/async', ['POST'], ''],
    ['/_query/async/', ['POST'], ''],
    ['/_query/async/abc', ['GET', 'DELETE'], 'abc'],
    ['/_query/async/abc//', ['GET', 'DELETE'], 'abc'],
    ['/_query/async/a%2Fb%3D', ['GET', 'DELETE'], 'a/b='],
    ['/_query/async/%zz', ['GET', 'DELETE'], '%zz'],
    ['/_query/async/stop', ['GET', 'DELETE'], 'stop'],
    ['/_query/async/abc/stop', ['POST'], 'abc'],
    ['/_query/async//stop', ['POST'], ''],
  ])('finds the operations and the id of %s', (path, methods, id) => {
    const route = matchRoute(path)
    expect(route && { methods: allowedMethods(route, complete), id: route.id }).toEqual({ methods, id })
  })

  it.each([
    '/',
    '/_query/a',
    '/_querys',
    '/_query/asyncs',
    '/_QUERY/async',
    '/_query/async/a/b',
    '/_query/async/a/stop/b',
  ])('finds no operation for %s, a path of the host application', (path) =>
    expect(matchRoute(path)).toBeUndefined(),
  )
})

describe('allowedMethods', () => {
  it.each([
    ['/_query', []],
    ['/_query/async', []],
    ['/_query/async/abc', ['GET']],
    ['/_query/async/abc/stop', []],
  ])('lists for %s only the methods that a get-only store serves', (path, methods) => {
    const route = matchRoute(path)
    expect(route && allowedMethods(route, getOnly)).toEqual(methods)
  })

  it.each<[string, AsyncQueryStore, string[]]>([
    ['that has submit', complete, ['POST']],
    ['that passes queries through', { ...complete, passThrough: { query: unused } as never }, ['POST']],
    ['that passes all but queries through', { ...complete, passThrough: {} as never }, []],
  ])('lists POST on /_query for a store %s, or not', (_, store, methods) => {
    const route = matchRoute('/_query')
    expect(route && allowedMethods(route, store)).toEqual(methods)
  })
})
