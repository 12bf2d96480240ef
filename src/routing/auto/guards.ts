/** Which targets can answer a request, by what is known of their models. */
import type { Candidate } from '../../accounts/pool.ts'
import { type Abilities, abilitiesOf } from '../../providers/abilities.ts'
import type { Provider } from '../../providers/provider.ts'
import { KINDS, MEDIA_WORDS, type Needs } from './needs.ts'

/** What a seat's model lacks. */
export interface Lack {
  /** In words, to go after the model's name: `takes no images`. */
  words: string
  /** Without it the request fails or means something else; the others are a matter of degree, or of an estimate. */
  hard: boolean
}

export interface Guards {
  abilities(candidate: Candidate): Abilities
  /** What is missing; nothing if it can, or if nobody knows. */
  lacks(candidate: Candidate, needs: Needs): readonly Lack[]
}

const NOTHING: readonly Lack[] = []

/** Compiled once for each snapshot: the answers are kept by seat. */
export function createGuards(providers: ReadonlyMap<string, Provider>): Guards {
  const known = new Map<string, Abilities>()

  function abilities({ account, model, key }: Candidate): Abilities {
    let found = known.get(key)
    if (found === undefined) {
      found = abilitiesOf(providers.get(account.provider), providers.values(), model)
      const told = account.models?.find((m) => m.upstream === model)
      if (told?.contextLength !== undefined) found = { ...found, contextLength: told.contextLength }
      if (told?.efforts !== undefined && told.efforts.length > 0) found = { ...found, reasons: true }
      // Open accounts take any name a client thinks of; those must not fill the memory.
      if (known.size >= 5_000) known.clear()
      known.set(key, found)
    }
    return found
  }

  return {
    abilities,
    lacks(candidate, needs) {
      const { contextLength, input, tools, schema, reasons } = abilities(candidate)
      const lacks: Lack[] = []
      if (input !== undefined)
        for (const kind of KINDS)
          if (!input.includes(kind) && needs.has(kind))
            lacks.push({ words: `takes no ${MEDIA_WORDS[kind]}`, hard: true })
      if (tools === false && needs.tools) lacks.push({ words: 'takes no tools', hard: true })
      if (schema === false && needs.schema) lacks.push({ words: 'holds to no JSON schema', hard: false })
      if (reasons === false && needs.reasoning) lacks.push({ words: 'does not reason', hard: false })
      if (contextLength !== undefined && needs.tokensAtMost > contextLength && needs.tokens > contextLength)
        lacks.push({ words: `has a context of ${contextLength} tokens, about ${needs.tokens} are needed`, hard: false })
      return lacks.length === 0 ? NOTHING : lacks
    },
  }
}
