/**
 * Citations of text blocks (https://docs.claude.com/en/docs/build-with-claude/citations and
 * https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-search-tool).
 */
import type { Citation } from '../../hub/request.ts'
import type { Json } from '../json.ts'
import { isString, own, taker } from './take.ts'

/** The usual kind; its name is left out of the extras. */
const WEB = 'web_search_result_location'

/** Where each kind keeps what the hub has words for. */
const FIELDS: Record<string, { url?: string; title: string }> = {
  [WEB]: { url: 'url', title: 'title' },
  search_result_location: { url: 'source', title: 'title' },
}
const DOCUMENT = { title: 'document_title' }

export function decodeCitation(wire: Json): Citation {
  const t = taker(wire)
  const type = t.take('type', isString) ?? WEB
  const fields: { url?: string; title: string } = FIELDS[type] ?? DOCUMENT
  const url = fields.url === undefined ? undefined : t.take(fields.url, isString)
  const title = t.take(fields.title, isString)
  const quote = t.take('cited_text', isString)
  if (type !== WEB) t.rest['type'] = type
  // An empty one is ours: see `answerCitation`.
  else if (t.rest['encrypted_index'] === '') delete t.rest['encrypted_index']
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(quote !== undefined && { quote }),
    ...t.extras(),
  }
}

/** A citation for the API to read again; it takes none but its own. */
export function ownCitation(citation: Citation): Json | undefined {
  const rest = own(citation)
  if (rest === undefined) return undefined
  const type = isString(rest['type']) ? rest['type'] : WEB
  const fields: { url?: string; title: string } = FIELDS[type] ?? DOCUMENT
  return {
    ...rest,
    type,
    ...(fields.url !== undefined && citation.url !== undefined && { [fields.url]: citation.url }),
    ...(citation.title !== undefined && { [fields.title]: citation.title }),
    ...(citation.quote !== undefined && { cited_text: citation.quote }),
  }
}

/** A citation for a client to read, whoever made it; undefined where there is nothing to point at. */
export function answerCitation(citation: Citation): Json | undefined {
  const mine = ownCitation(citation)
  if (mine !== undefined || citation.url === undefined) return mine
  return {
    type: WEB,
    url: citation.url,
    title: citation.title ?? null,
    cited_text: citation.quote ?? '',
    encrypted_index: '',
  }
}
