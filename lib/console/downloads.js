import { toast } from './announce.js'
import { byId, h } from './dom.js'
import { ask } from './http.js'
import { pathOf } from './runs.js'
import { showBytes } from './times.js'

/** Saves a result in the format that is chosen. */
export function download(run) {
  return save(run, byId('format').value).catch(() => toast('The gateway did not answer', 'error'))
}

async function save(run, format) {
  const { status, content } = await answerTo(run, format)
  if (status !== 200) return toast(reasonOf(await content.text(), status), 'error')
  const url = URL.createObjectURL(content)
  const name = `${run.id?.slice(0, 12) ?? 'result'}.${format}`
  h('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  toast(`Downloaded ${name}, ${showBytes(content.size)}`)
}

/** A result that is not kept is asked for again, as a synchronous query. */
function answerTo({ id, user, query, params }, format) {
  if (id !== undefined) return ask(user, 'GET', `${pathOf({ id })}?format=${format}`, { as: 'blob' })
  const body = `{"query":${JSON.stringify(query)}${params ? `,"params":${params}` : ''}}`
  return ask(user, 'POST', `_query?format=${format}`, { body, as: 'blob' })
}

function reasonOf(text, status) {
  try {
    return JSON.parse(text).error.reason
  } catch {
    return `The answer is ${status}`
  }
}
