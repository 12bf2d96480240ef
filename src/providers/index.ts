import { antigravity } from './antigravity/index.ts'
import { claude } from './claude/index.ts'
import { codex } from './codex/index.ts'
import { gemini } from './gemini/index.ts'
import { geminiCli } from './gemini-cli/index.ts'
import { iflow } from './iflow/index.ts'
import { kimi } from './kimi/index.ts'
import { openai } from './openai/index.ts'
import type { Provider } from './provider.ts'
import { qwen } from './qwen/index.ts'
import { vertex } from './vertex/index.ts'
import { xai } from './xai/index.ts'

/** Every built-in provider. Adding one is a folder and a line here; removing one is the reverse. */
export const providers: readonly Provider[] = [
  claude,
  openai,
  codex,
  gemini,
  vertex,
  geminiCli,
  antigravity,
  qwen,
  iflow,
  kimi,
  xai,
]

export { compatible } from './compatible/index.ts'
export type { Provider } from './provider.ts'
