/**
 * Where statements come from: `groundingMetadata` and `citationMetadata` ↔ citations and the search part. Google counts
 * positions in UTF-8 bytes, the hub in UTF-16 units (https://ai.google.dev/api/generate-content#Segment).
 */
import type { Citation, SearchPart } from '../../hub/request.ts'
import type { Json } from '../codec.ts'
import { asObject } from '../json.ts'
import { defined, extrasOf, number, objects, string, strings } from './fields.ts'

export interface Sources {
  citations: Citation[]
  search?: { queries: string[]; sources: SearchPart['sources'] }
  /** What of the two fields has no other home. */
  rest: Json
}

/** Reads a candidate's two fields; `text` is what the positions count in. */
export function decodeSources(candidate: Json, text: string): Sources {
  const grounding = asObject(candidate['groundingMetadata'])
  const cited = asObject(candidate['citationMetadata'])
  const rest: Json = {}
  const citations: Citation[] = []
  let search: Sources['search']
  if (grounding !== undefined) {
    const read = decodeGrounding(grounding, text)
    citations.push(...read.citations)
    search = read.search
    if (Object.keys(read.rest).length > 0) rest['groundingMetadata'] = read.rest
  }
  if (cited !== undefined) {
    const { citations: plain, citationSources, ...others } = cited
    citations.push(...objects(plain).map((wire) => decodeCited(wire, 'citations', text)))
    citations.push(...objects(citationSources).map((wire) => decodeCited(wire, 'citationSources', text)))
    if (Object.keys(others).length > 0) rest['citationMetadata'] = others
  }
  return { citations, ...(search !== undefined && { search }), rest }
}

function decodeGrounding(wire: Json, text: string): Sources {
  const { groundingSupports, webSearchQueries, groundingChunks, ...rest } = wire
  const chunks = objects(groundingChunks)
  // Chunks of files and maps mean nothing elsewhere: then everything stays as it is.
  if (chunks.some((chunk) => asObject(chunk['web']) === undefined)) return { citations: [], rest: wire }
  const sources = chunks.map((chunk) => {
    const web = asObject(chunk['web'])!
    return { url: string(web['uri']) ?? '', ...defined({ title: string(web['title']) }) }
  })
  const citations = objects(groundingSupports).flatMap((support) => {
    const { segment, groundingChunkIndices, ...others } = support
    const { text: quote, startIndex, endIndex, ...place } = asObject(segment) ?? {}
    const range = rangeOf(startIndex, endIndex, text)
    // A place outside the text means nothing elsewhere.
    const rest = { ...place, ...(range.end === undefined && defined({ startIndex, endIndex })) }
    const extras = extrasOf({ ...others, ...(Object.keys(rest).length > 0 && { segment: rest }) })
    const indices = (Array.isArray(groundingChunkIndices) ? groundingChunkIndices : []).map(number)
    return indices.flatMap((index): Citation[] => {
      const source = index === undefined ? undefined : sources[index]
      return source === undefined ? [] : [{ ...source, ...defined({ quote: string(quote) }), ...range, ...extras }]
    })
  })
  const queries = strings(webSearchQueries ?? [])
  // Without a query nothing was searched: the model read pages it was pointed to.
  if (queries.length === 0) return { citations, rest: { ...rest, ...defined({ groundingChunks }) } }
  return { citations, search: { queries, sources }, rest }
}

function decodeCited(wire: Json, form: string, text: string): Citation {
  const { uri, title, startIndex, endIndex, ...rest } = wire
  const range = rangeOf(startIndex, endIndex, text)
  return {
    ...defined({ url: string(uri), title: string(title) }),
    ...range,
    ...extrasOf({ $form: form, ...rest, ...(range.end === undefined && defined({ startIndex, endIndex })) }),
  }
}

function rangeOf(start: unknown, end: unknown, text: string): { start?: number; end?: number } {
  const last = number(end)
  if (last === undefined) return {}
  const from = unitsOf(text, number(start) ?? 0)
  const to = unitsOf(text, last)
  return from === undefined || to === undefined ? {} : { start: from, end: to }
}

/** UTF-16 position of a UTF-8 one; undefined beyond the text. */
function unitsOf(text: string, bytes: number): number | undefined {
  const encoded = Buffer.from(text)
  return bytes > encoded.length ? undefined : encoded.toString('utf8', 0, bytes).length
}

function bytesOf(text: string, units: number): number {
  return Buffer.byteLength(text.slice(0, units))
}

export interface Said {
  /** The text of each part that has citations. */
  text: string
  citations: readonly Citation[]
}

/** The candidate's two fields. `rest` is what decoding left over of them. */
export function encodeSources(said: readonly Said[], search: SearchPart | undefined, rest: Json): Json {
  const grounding = { ...asObject(rest['groundingMetadata']) }
  const cited = { ...asObject(rest['citationMetadata']) } as Record<string, unknown>
  const chunks: Json[] = [...objects(grounding['groundingChunks'])]
  if (search !== undefined) {
    if (search.queries.length > 0) grounding['webSearchQueries'] = search.queries
    for (const { url, title } of search.sources) chunks.push({ web: defined({ uri: url, title }) })
  }
  const supports: Json[] = []
  for (const { text, citations } of said)
    for (const citation of citations) {
      const { $form: form, startIndex, endIndex, segment, ...others } = (citation.extras?.gemini ?? {}) as Json
      const range =
        citation.end === undefined
          ? defined({ startIndex, endIndex })
          : rangeIn(text, citation.start ?? 0, citation.end)
      if (typeof form === 'string') {
        const list = cited[form] === undefined ? [] : (cited[form] as Json[])
        cited[form] = list
        list.push({ ...range, ...defined({ uri: citation.url, title: citation.title }), ...others })
        continue
      }
      if (citation.url === undefined) continue
      const index = indexOf(chunks, citation.url, citation.title)
      const place = { ...range, ...defined({ text: citation.quote }), ...asObject(segment) }
      const last = supports.at(-1)
      // One statement with many sources is one support.
      if (last !== undefined && sameJson(last['segment'], place))
        (last['groundingChunkIndices'] as number[]).push(index)
      else supports.push({ segment: place, groundingChunkIndices: [index], ...others })
    }
  if (chunks.length > 0) grounding['groundingChunks'] = chunks
  if (supports.length > 0) grounding['groundingSupports'] = supports
  return {
    ...(Object.keys(grounding).length > 0 && { groundingMetadata: grounding }),
    ...(Object.keys(cited).length > 0 && { citationMetadata: cited }),
  }
}

function rangeIn(text: string, start: number, end: number): Json {
  const from = bytesOf(text, start)
  // Zero is what protobuf JSON leaves out.
  return { ...(from > 0 && { startIndex: from }), endIndex: bytesOf(text, end) }
}

/** The chunk of a page; a page that no search found becomes one. */
function indexOf(chunks: Json[], url: string, title: string | undefined): number {
  const at = chunks.findIndex((chunk) => {
    const web = asObject(chunk['web'])
    return web?.['uri'] === url && web['title'] === title
  })
  return at === -1 ? chunks.push({ web: defined({ uri: url, title }) }) - 1 : at
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
