import { claude } from './claude/index.ts'
import { codex } from './codex/index.ts'
import { gemini } from './gemini/index.ts'
import { openai } from './openai/index.ts'
import type { Provider } from './provider.ts'

/** Every built-in provider. Adding one is a folder and a line here; removing one is the reverse. */
export const providers: readonly Provider[] = [claude, openai, codex, gemini]

export { compatible } from './compatible/index.ts'
export type { Provider } from './provider.ts'
