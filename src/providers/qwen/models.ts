/** Models of Qwen Code's login: domain.md 1.4. */
import type { ProviderModel } from '../provider.ts'

export const models: readonly ProviderModel[] = [
  { id: 'coder-model', displayName: 'Qwen Coder', contextLength: 1_000_000, maxOutput: 64_000 },
]
