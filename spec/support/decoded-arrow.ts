import { type Data, DataType, type Field, tableFromIPC } from 'apache-arrow'

interface DecodedField {
  name: string
  type: string
  nullable: boolean
  metadata: Record<string, string>
  child?: Omit<DecodedField, 'type' | 'child'>
}

export interface DecodedArrow {
  schema: DecodedField[]
  /** 64-bit integers and timestamps as decimal text of the raw value, binary as `hex:` text. */
  rows: unknown[][]
}

/** The content of an Arrow stream, in the notation of the golden cases. */
export function decodedArrow(bytes: Uint8Array): DecodedArrow {
  const { schema, batches } = tableFromIPC(bytes)
  return {
    schema: schema.fields.map(decodedField),
    rows: batches.flatMap(({ data }) =>
      Array.from({ length: data.length }, (_, row) => data.children.map((column) => valueAt(column, row))),
    ),
  }
}

function decodedField({ name, type, nullable, metadata }: Field): DecodedField {
  const field = { name, type: typeName(type), nullable, metadata: Object.fromEntries(metadata) }
  const child = DataType.isList(type) ? (type.children[0] as Field) : undefined
  if (!child) return field
  const { name: childName, nullable: childNullable, metadata: childMetadata } = child
  return {
    ...field,
    child: { name: childName, nullable: childNullable, metadata: Object.fromEntries(childMetadata) },
  }
}

function typeName(type: DataType): string {
  if (DataType.isList(type)) return `list<${typeName(type.valueType)}>`
  if (DataType.isStruct(type)) {
    return `struct<${type.children.map((field) => `${field.name}: ${typeName(field.type)}`).join(', ')}>`
  }
  if (DataType.isTimestamp(type)) return `timestamp[${['s', 'ms', 'us', 'ns'][type.unit]}]`
  return String(type).toLowerCase()
}

/** Reads the buffers, because the getters turn nanoseconds into milliseconds. */
function valueAt(data: Data, index: number): unknown {
  const { type, values, valueOffsets, children } = data
  if (DataType.isNull(type) || !data.getValid(index)) return null
  if (DataType.isBool(type)) return ((values[index >> 3] >> (index % 8)) & 1) === 1
  if (DataType.isStruct(type)) {
    return Object.fromEntries(
      type.children.map(({ name }, at) => [name, valueAt(children[at] as Data, index)]),
    )
  }
  if (!valueOffsets) return typeof values[index] === 'bigint' ? String(values[index]) : values[index]
  const [start = 0, end = 0] = [valueOffsets[index], valueOffsets[index + 1]]
  if (DataType.isList(type)) {
    return Array.from({ length: end - start }, (_, at) => valueAt(children[0] as Data, start + at))
  }
  const bytes = Buffer.from(values.subarray(start, end))
  return DataType.isBinary(type) ? `hex:${bytes.toString('hex')}` : bytes.toString('utf8')
}
