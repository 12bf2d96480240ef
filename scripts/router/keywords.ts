/** The product description's keyword table, as a baseline: the category with most keywords, `fast` where there is none. */
import { CATEGORIES, type Category } from '../../src/routing/classify/categories.ts'

const TABLE: Readonly<Record<Category, RegExp>> = {
  code: /\b(?:implement|debug|refactor|python|javascript|typescript|java|golang|rust|c\+\+|c#|php|ruby|sql|html|css|bash|function|async|await|class)\w*/gi,
  reasoning: /\b(?:analyze|compare|strategy|architecture)\b/gi,
  fast: /\b(?:translate|summarize|list|simple)\b/gi,
  creative: /\b(?:write|story|blog|marketing)\b/gi,
  analysis: /\b(?:data|metrics|forecast|report)\b/gi,
}

export function byKeywords(text: string): Category {
  let best: Category = 'fast'
  let most = 0
  for (const category of CATEGORIES) {
    const count = text.match(TABLE[category])?.length ?? 0
    if (count > most) {
      best = category
      most = count
    }
  }
  return best
}

/** Every keyword of the table and its example, with what each has to be. */
export const TABLE_ROWS: readonly (readonly [prompt: string, category: Category])[] = [
  ...['implement', 'debug', 'refactor', 'python', 'javascript', 'typescript', 'rust', 'golang'].map(
    (word) => [word, 'code'] as const,
  ),
  ...['analyze', 'compare', 'strategy', 'architecture'].map((word) => [word, 'reasoning'] as const),
  ...['translate', 'summarize', 'list', 'simple'].map((word) => [word, 'fast'] as const),
  ...['write', 'story', 'blog', 'marketing'].map((word) => [word, 'creative'] as const),
  ...['data', 'metrics', 'forecast', 'report'].map((word) => [word, 'analysis'] as const),
  ['refactor this function to use async/await', 'code'],
]
