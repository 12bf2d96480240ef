/** The dialects: how a request or an answer is said. `openai-completions` is the legacy one and inbound only. */
export type ProtocolId = 'anthropic' | 'openai-chat' | 'openai-responses' | 'gemini' | 'openai-completions'
