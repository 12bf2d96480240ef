/** What commander says of a word that is no command: that the command before it takes no arguments. This says it plainly. */
import type { Command } from 'commander'
import { nearest } from '../config/nearest.ts'

/**
 * Commander's message, or a plainer one where a word stands in the place of a command.
 * @param program the root, with all its commands.
 */
export function plainer(message: string, program: Command): string {
  const [, name, word] =
    /^error: too many arguments for '([\w-]+)'\. Expected 0 arguments but got \d+: ([^,\n]+?)(?:,|\.?\n|\.?$)/.exec(
      message,
    ) ?? []
  if (name === undefined || word === undefined) return message
  // Without a command the first word goes to the one that is carried out by default.
  const group = name === program.name() || name === 'serve' ? program : program.commands.find((c) => c.name() === name)
  if (group === undefined || group.commands.length === 0) return message
  const path = group === program ? program.name() : `${program.name()} ${name}`
  const names = group.commands.map((command) => command.name())
  const meant = nearest(word, names)
  const hint = meant?.near ? ` Did you mean "${path} ${meant.word}"?` : ` There are: ${names.join(', ')}.`
  return `error: there is no command "${path} ${word.slice(0, 80)}".${hint}\n`
}
