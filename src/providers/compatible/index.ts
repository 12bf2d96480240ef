import type { ProtocolId } from '../../hub/protocol-id.ts'
import { dialectRequest } from '../dialects.ts'
import type { Provider } from '../provider.ts'

/** Any endpoint that is described in the config alone (`openai-compatibility`). */
export function compatible(entry: { name: string; baseUrl: string; speaks: readonly ProtocolId[] }): Provider {
  return {
    id: entry.name,
    title: entry.name,
    aliases: [],
    policy: {
      state: 'supported',
      since: '2026-11-22',
      note: 'An endpoint of your own choice: its terms are between you and its operator.',
      url: '',
    },
    speaks: entry.speaks,
    baseUrl: entry.baseUrl,
    models: [],
    // Nothing is known of its models: with no list in the config it takes any name nobody else serves.
    serves: () => true,
    request: dialectRequest,
  }
}
