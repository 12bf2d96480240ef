/** The classifier's public side. */
export { CATEGORIES, type Category } from './categories.ts'
export { classify, type Decision, explain } from './classify.ts'
export { type CustomCategory, compileExamples, type ExampleSet, type LabelledExample } from './examples.ts'
export type { Signal } from './explain.ts'
export { type Prompt, promptOf, promptOfMessages, readPrompt } from './prompt.ts'
