/** As much of protobuf's wire format as Antigravity's stored state needs: reading fields by number. */

export type ProtoFields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>

/**
 * The fields of a message, in order of their coming. Nested messages are bytes to read again.
 * @throws {RangeError} if the bytes are no such message, or end in the middle.
 */
export function readFields(bytes: Uint8Array): ProtoFields {
  const fields = new Map<number, (bigint | Uint8Array)[]>()
  let at = 0

  function varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) break
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number ends in the middle')
  }

  function take(length: number): Uint8Array {
    if (length > bytes.length - at) throw new RangeError('a field ends in the middle')
    at += length
    return bytes.subarray(at - length, at)
  }

  while (at < bytes.length) {
    const tag = varint()
    const number = Number(tag >> 3n)
    const kind = Number(tag & 7n)
    if (number === 0) throw new RangeError('a field without a number')
    let value: bigint | Uint8Array
    if (kind === 0) value = varint()
    else if (kind === 1) value = take(8)
    else if (kind === 2) value = take(Number(varint()))
    else if (kind === 5) value = take(4)
    else throw new RangeError(`a field of kind ${kind}`)
    const list = fields.get(number)
    if (list === undefined) fields.set(number, [value])
    else list.push(value)
  }
  return fields
}

/** The last value of a field as bytes: later ones win in protobuf. */
export function bytesAt(fields: ProtoFields, number: number): Uint8Array | undefined {
  const value = fields.get(number)?.at(-1)
  return value instanceof Uint8Array ? value : undefined
}

export function textAt(fields: ProtoFields, number: number): string | undefined {
  const value = bytesAt(fields, number)
  return value === undefined || value.length === 0 ? undefined : Buffer.from(value).toString('utf8')
}

export function numberAt(fields: ProtoFields, number: number): number | undefined {
  const value = fields.get(number)?.at(-1)
  return typeof value === 'bigint' ? Number(value) : undefined
}
