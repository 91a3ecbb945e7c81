import { byId, h, replace } from './dom.js'
import { inline, prose } from './prose.js'
import { Document, schemaView, typeText } from './schema-view.js'

const METHODS = ['get', 'post', 'put', 'delete', 'head', 'options', 'patch']

let loaded
let document_

/** Reads the API's document once, and shows one of its operations. */
export function showReference() {
  loaded ??= load().catch(() => {
    loaded = undefined
    replace(byId('operation'), h('p', {}, 'The description of the API cannot be read.'))
  })
  return loaded
}

async function load() {
  const response = await fetch('_console/api-spec.json')
  document_ = new Document(await response.json())
  const operations = operationsOf(document_)
  const show = () => showOperation(operations.find(({ id }) => `#api/${id}` === location.hash))
  replace(byId('operations'), overviewLink(), ...operations.map(operationLink))
  window.addEventListener('hashchange', () => {
    if (!location.hash.startsWith('#api/')) return
    show()
    byId('operation').scrollIntoView()
  })
  show()
}

function operationsOf({ root }) {
  return Object.entries(root.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const operation = item[method]
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])]
      return { id: operation.operationId, method, path, operation, parameters }
    }),
  )
}

const overviewLink = () => h('li', {}, h('a', { href: '#api/overview', 'data-id': 'overview' }, 'Overview'))

function operationLink({ id, method, path, operation }) {
  const title = h('span', { class: 'operation-title' }, operation.summary ?? id)
  const where = h('span', { class: 'operation-where' }, badge(method), h('code', {}, path))
  return h('li', {}, h('a', { href: `#api/${id}`, 'data-id': id }, title, where))
}

const badge = (method) => h('span', { class: `method ${method}` }, method.toUpperCase())

function showOperation(found) {
  for (const link of byId('operations').querySelectorAll('a')) {
    if (link.dataset.id === (found?.id ?? 'overview')) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  replace(byId('operation'), ...(found ? operationView(found) : overview()))
}

function overview() {
  const { info } = document_.root
  const heading = h('h2', {}, info.title, h('span', { class: 'type' }, ` ${info.version}`))
  return [heading, h('div', { class: 'prose' }, ...prose(info.description))]
}

function operationView({ method, path, operation, parameters }) {
  const body = operation.requestBody && document_.resolve(operation.requestBody)
  return [
    h('h2', {}, operation.summary ?? operation.operationId),
    h('p', { class: 'address' }, badge(method), h('code', {}, path)),
    h('div', { class: 'prose' }, ...prose(operation.description)),
    parameters.length > 0 && h('h3', {}, 'Parameters'),
    parameters.length > 0 && parameterTable(parameters.map((parameter) => document_.resolve(parameter))),
    body && h('h3', {}, 'Request body'),
    body && h('div', { class: 'prose' }, ...prose(body.description)),
    body && contentView(body.content),
    h('h3', {}, 'Responses'),
    ...Object.entries(operation.responses).map(([status, node]) =>
      responseView(status, document_.resolve(node)),
    ),
  ]
}

function parameterTable(parameters) {
  const row = ({ name, in: place, required, schema = {}, description = '', example }) =>
    h(
      'tr',
      {},
      h(
        'th',
        { scope: 'row' },
        h('code', {}, name),
        required && h('span', { class: 'required' }, 'required'),
      ),
      h('td', {}, place),
      h('td', { class: 'type' }, typeText(document_, schema)),
      h(
        'td',
        {},
        ...prose(description),
        example !== undefined && h('p', { class: 'example' }, 'Example: ', h('code', {}, String(example))),
      ),
    )
  const heads = ['Name', 'In', 'Type', 'What it says'].map((text) => h('th', { scope: 'col' }, text))
  const table = h('table', {}, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...parameters.map(row)))
  return h('div', { class: 'scroller', tabindex: '0', role: 'group', 'aria-label': 'Parameters' }, table)
}

function responseView(status, { description = '', headers = {}, content }) {
  const names = Object.entries(headers)
  const about = ([name, node]) => {
    const text = (document_.resolve(node).description ?? '').trim()
    return h('li', {}, h('code', {}, name), text && h('p', {}, ...inline(text)))
  }
  const first = description.trim().split('\n\n')[0]
  const box = h(
    'details',
    { class: 'response' },
    h('summary', {}, h('span', { class: `status s${status[0]}` }, status), h('span', {}, ...inline(first))),
  )
  const rest = () => [
    ...prose(description).slice(1),
    names.length > 0 && h('h4', {}, 'Headers'),
    names.length > 0 && h('ul', { class: 'fields' }, ...names.map(about)),
    content && h('h4', {}, 'Body'),
    content && contentView(content),
  ]
  box.addEventListener('toggle', () => box.append(...rest().filter(Boolean)), { once: true })
  return box
}

/** Media types in a line, then the fields and the examples of the first that has them. */
function contentView(content = {}) {
  const types = Object.keys(content)
  const { schema } = Object.values(content).find((media) => media.schema) ?? {}
  const examples = Object.entries(content).flatMap(([type, media]) => examplesOf(type, media))
  return h(
    'div',
    { class: 'content' },
    h('p', { class: 'media-types' }, ...types.map((type) => h('code', {}, type))),
    schema && schemaView(document_, schema),
    examples.length > 0 && h('h4', {}, 'Examples'),
    ...examples.map(({ title, text }) =>
      h('details', { class: 'sample-body' }, h('summary', {}, title), h('pre', { tabindex: '0' }, text)),
    ),
  )
}

function examplesOf(type, { example, examples = {} }) {
  const all = Object.entries(examples).map(([name, node]) => [name, document_.resolve(node)])
  if (example !== undefined) all.unshift([type, { value: example }])
  return all.map(([name, { summary, value }]) => ({
    title: `${summary ?? name} · ${type}`,
    text: typeof value === 'string' ? value : JSON.stringify(value, null, 2),
  }))
}
