/** Concepts and the words that stand for them, in fifteen languages. */
import { TASKS } from './lexicon-tasks.ts'
import { TOPICS } from './lexicon-topics.ts'

export const LEXICON: Readonly<Record<string, string>> = { ...TASKS, ...TOPICS }

/** Concepts that say what is to be done. */
export const ACTIONS: readonly string[] = [...Object.keys(TASKS), 'CODENOUN']
