import { isNumeric, textOf } from './cells.js'
import { byId, h, replace, setText } from './dom.js'
import { showCount } from './times.js'

const ROW_PX = 32
/** Rows above and below those that can be seen, so that scrolling shows no gaps. */
const SPARE = 12
/** Browsers cannot make an element much higher. */
const MOST_ROWS = 500_000
/** About how many rows decide the widths of the columns. They are spread over all, since numbers often grow. */
const MEASURED = 400
const [NARROWEST, WIDEST] = [6, 44]

/**
 * A table that holds only the rows that can be seen, however many there are. The arrows move between cells, and the bar below
 * shows the whole value.
 */
export class ResultTable {
  #host
  #body
  #columns = []
  #values = []
  #rows = new Map()
  #active = { row: 0, column: 0 }
  #frame = 0

  constructor(parent, label) {
    const host = h('div', { class: 'grid', role: 'grid', 'aria-label': label, tabindex: '0' })
    parent.append(host)
    this.#host = host
    host.addEventListener('scroll', () => this.#draw(), { passive: true })
    host.addEventListener('keydown', (event) => this.#move(event))
    host.addEventListener('click', ({ target }) => this.#pick(target.closest('[data-column]')))
    new ResizeObserver(() => this.#draw()).observe(host)
  }

  show(columns, values) {
    this.#columns = columns
    this.#values = values.slice(0, MOST_ROWS)
    this.#rows.clear()
    this.#active = { row: 0, column: 0 }
    const host = this.#host
    host.setAttribute('aria-rowcount', String(values.length + 1))
    host.setAttribute('aria-colcount', String(columns.length + 1))
    this.#body = h('div', { class: 'rows', role: 'rowgroup' })
    this.#body.style.height = `${this.#values.length * ROW_PX}px`
    host.style.setProperty('--columns', this.#widths())
    replace(host, h('div', { class: 'head', role: 'rowgroup' }, this.#header()), this.#body)
    host.scrollTo(0, 0)
    this.#drawNow()
    this.#mark()
  }

  #widths() {
    const step = Math.ceil(this.#values.length / MEASURED)
    const sample = this.#values.filter((_, at) => at % step === 0 || at === this.#values.length - 1)
    const widths = this.#columns.map(({ name, type }, at) => {
      const longest = Math.max(name.length, type.length, ...sample.map((row) => textOf(row[at]).length))
      return `calc(${Math.min(WIDEST, Math.max(NARROWEST, longest))}ch + 24px)`
    })
    return [`calc(${String(this.#values.length).length + 1}ch + 20px)`, ...widths].join(' ')
  }

  #header() {
    const cells = this.#columns.map((column, at) =>
      h(
        'div',
        { class: classOf(column), role: 'columnheader', 'aria-colindex': String(at + 2) },
        h('span', { class: 'name', dir: 'auto' }, column.name),
        h('span', { class: 'type' }, column.type),
      ),
    )
    const corner = h('div', { class: 'cell gutter', role: 'columnheader', 'aria-colindex': '1' }, '#')
    return h('div', { class: 'row', role: 'row', 'aria-rowindex': '1' }, corner, ...cells)
  }

  #draw() {
    this.#frame ||= requestAnimationFrame(() => this.#drawNow())
  }

  #drawNow() {
    this.#frame = 0
    if (!this.#body) return
    const { scrollTop, clientHeight } = this.#host
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE)
    const last = Math.min(this.#values.length, Math.ceil((scrollTop + clientHeight) / ROW_PX) + SPARE)
    for (const [at, row] of this.#rows) {
      if (at >= first && at < last) continue
      row.remove()
      this.#rows.delete(at)
    }
    for (let at = first; at < last; at += 1) {
      if (this.#rows.has(at)) continue
      const row = this.#row(at)
      this.#rows.set(at, row)
      this.#body.append(row)
    }
  }

  #row(at) {
    const cells = this.#columns.map((column, index) => {
      const value = this.#values[at][index]
      const attributes = { id: `cell-${at}-${index}`, class: classOf(column), role: 'gridcell', dir: 'auto' }
      const cell = h('div', { ...attributes, 'aria-colindex': String(index + 2) }, textOf(value))
      if (value === null) cell.classList.add('null')
      Object.assign(cell.dataset, { row: at, column: index })
      return cell
    })
    const gutter = h('div', { class: 'cell gutter', role: 'rowheader', 'aria-colindex': '1' }, String(at + 1))
    const row = h('div', { class: 'row', role: 'row', 'aria-rowindex': String(at + 2) }, gutter, ...cells)
    row.style.transform = `translateY(${at * ROW_PX}px)`
    const { row: activeRow, column } = this.#active
    if (at === activeRow) cells[column]?.classList.add('active')
    return row
  }

  #move(event) {
    const { row, column } = this.#active
    const page = Math.max(1, Math.floor(this.#host.clientHeight / ROW_PX) - 2)
    const [lastRow, lastColumn] = [this.#values.length - 1, this.#columns.length - 1]
    const far = event.ctrlKey || event.metaKey
    const target = {
      ArrowDown: [far ? lastRow : row + 1, column],
      ArrowUp: [far ? 0 : row - 1, column],
      ArrowRight: [row, far ? lastColumn : column + 1],
      ArrowLeft: [row, far ? 0 : column - 1],
      PageDown: [row + page, column],
      PageUp: [row - page, column],
      Home: [far ? 0 : row, 0],
      End: [far ? lastRow : row, lastColumn],
    }[event.key]
    if (!target || lastRow < 0) return
    event.preventDefault()
    const [nextRow, nextColumn] = target
    this.#active = { row: clamp(nextRow, lastRow), column: clamp(nextColumn, lastColumn) }
    this.#reveal()
    this.#mark()
  }

  #pick(cell) {
    if (!cell) return
    this.#active = { row: Number(cell.dataset.row), column: Number(cell.dataset.column) }
    this.#mark()
  }

  /** Scrolls so that the active cell can be seen, beside the header and the row numbers. */
  #reveal() {
    const host = this.#host
    const head = host.querySelector('.head').offsetHeight
    const top = this.#active.row * ROW_PX
    if (top < host.scrollTop) host.scrollTop = top
    const room = host.clientHeight - head - ROW_PX
    if (top > host.scrollTop + room) host.scrollTop = top - room
    this.#drawNow()
    const cell = byId(`cell-${this.#active.row}-${this.#active.column}`)
    const gutter = host.querySelector('.gutter').offsetWidth
    if (cell.offsetLeft - gutter < host.scrollLeft) host.scrollLeft = cell.offsetLeft - gutter
    const right = cell.offsetLeft + cell.offsetWidth - host.clientWidth
    if (right > host.scrollLeft) host.scrollLeft = right
  }

  #mark() {
    const { row, column } = this.#active
    for (const old of this.#host.querySelectorAll('.active')) old.classList.remove('active')
    const cell = byId(`cell-${row}-${column}`)
    cell?.classList.add('active')
    if (cell) this.#host.setAttribute('aria-activedescendant', cell.id)
    else this.#host.removeAttribute('aria-activedescendant')
    const { name = '' } = this.#columns[column] ?? {}
    setText(byId('cell-place'), cell ? `${name}, row ${showCount(row + 1)}` : 'No rows')
    const whole = byId('cell-value')
    setText(whole, cell ? textOf(this.#values[row][column]) : '')
    // The keyboard reaches what it can scroll.
    if (whole.scrollHeight > whole.clientHeight) whole.tabIndex = 0
    else whole.removeAttribute('tabindex')
  }
}

const classOf = (column) => (isNumeric(column) ? 'cell number' : 'cell')

const clamp = (value, most) => Math.min(most, Math.max(0, value))
