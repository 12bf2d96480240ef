/**
 * The dialects: how a request or an answer is said. `openai-completions` is the legacy one and inbound only. Open, so that a
 * dialect of one's own can be passed in.
 */
export type ProtocolId =
  | 'anthropic'
  | 'openai-chat'
  | 'openai-responses'
  | 'gemini'
  | 'openai-completions'
  | (string & {})
