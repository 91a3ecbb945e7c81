import type { JsonText } from '../core/json-text'
import { isJsonText } from '../core/json-text'
import type { Value, ValueObject } from '../core/result'
import { isMultiValue } from '../core/result'
import { atOnce } from '../core/turns'
import { checkedJson, parseJson, valueIn } from '../json/parse'
import { exactJson } from '../json/write'

/** Changes a response as values. The cells that stay as they are keep the spelling that they have. */
export function changedAsValues(
  response: ValueObject,
  change: (response: ValueObject) => ValueObject,
): ValueObject {
  const spellings = new Spellings()
  const changed = change(withCells(response, (cell) => spellings.take(cell)))
  return withCells(changed, (cell) => spellings.giveBack(cell))
}

function withCells(response: ValueObject, change: (cell: Value) => Value): ValueObject {
  const { values } = response
  if (!isMultiValue(values)) return response
  return { ...response, values: values.map((row) => (isMultiValue(row) ? row.map(change) : row)) }
}

class Spellings {
  /** By their values, with the JSON that these had. */
  readonly #texts = new Map<Value, { text: JsonText; json: string }>()

  take(cell: Value): Value {
    if (isMultiValue(cell)) return cell.map((each) => this.take(each))
    if (!isJsonText(cell)) return cell
    try {
      const value = parseJson(cell.text)?.value ?? null
      this.#texts.set(value, { text: cell, json: atOnce(exactJson(value)) })
      return value
    } catch {
      // A name is there twice, and only the last one shows. Whoever looks for secrets must not miss the other one.
      return valueIn(checkedJson(cell))
    }
  }

  giveBack(cell: Value): Value {
    if (isMultiValue(cell)) return cell.map((each) => this.giveBack(each))
    const taken = this.#texts.get(cell)
    return taken && atOnce(exactJson(cell)) === taken.json ? taken.text : cell
  }
}
