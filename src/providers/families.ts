/** What is known of models by the form of their names: data of the vendors, for reasoning control and limits. */
import type { ReasoningAbility } from '../hub/reasoning.ts'
import type { Effort } from '../hub/request.ts'
import type { MediaInput, Provider, ProviderModel } from './provider.ts'

/** Models whose names fit a pattern; the first that fits counts. */
export interface ModelFamily {
  pattern: RegExp
  contextLength?: number
  maxOutput?: number
  reasoning?: ReasoningAbility
  /** These do not reason, and refuse to be asked to. */
  reasons?: false
  /** Media they take beside text; absent: unknown. */
  input?: readonly MediaInput[]
  /** They take no tools. */
  tools?: false
  /** They hold to no JSON schema. */
  schema?: false
}

/** Reasoning by named levels. */
export const levels = (...names: Effort[]): ReasoningAbility => ({ by: 'effort', levels: names })

/** Reasoning by a budget of tokens. */
export const budget = (min: number, max: number, off: boolean): ReasoningAbility => ({ by: 'budget', min, max, off })

/** What any of the providers knows of a model; compatible endpoints serve other vendors' models under their names. */
export function modelFacts(
  providers: Iterable<Provider>,
  id: string,
): (Omit<ProviderModel, 'id'> & Pick<ModelFamily, 'reasons'>) | undefined {
  const name = id.slice(id.lastIndexOf('/') + 1)
  for (const { models, loginModels = [], families } of providers) {
    const family = families?.find(({ pattern }) => pattern.test(name))
    const listed = [...models, ...loginModels].find((model) => model.id === name)
    if (family !== undefined || listed !== undefined) return { ...family, ...listed }
  }
  return undefined
}
