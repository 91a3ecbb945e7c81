import { isToOwnHost, OWN_ORIGIN } from '../../lib/server/loopback'

const OWN = [
  'localhost',
  'localhost:3000',
  'LOCALHOST:3000',
  '127.0.0.1',
  '127.0.0.1:9200',
  '[::1]',
  '[::1]:9200',
]
const FOREIGN = [
  '',
  'example.org',
  'localhost.example.org',
  'example.org:3000',
  '127.0.0.1.example.org',
  '::1',
  'localhost:x',
]

it.each(OWN)('a request to %s names this machine', (host) => {
  expect([isToOwnHost({ host }), OWN_ORIGIN.test(`http://${host}`)]).toEqual([true, true])
})

it.each(FOREIGN)('a request to "%s" may come from a page of another site', (host) => {
  expect([isToOwnHost({ host }), OWN_ORIGIN.test(`http://${host}`)]).toEqual([false, false])
})

it('a request without Host does not name this machine', () => {
  expect(isToOwnHost({})).toBe(false)
})
