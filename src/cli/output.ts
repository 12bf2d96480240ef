/** How the program talks: data on stdout, talk on stderr, colours only for people. */
import { styleText } from 'node:util'

/** Exit codes, as documented in the README. */
export const EXIT = {
  ok: 0,
  /** Something failed while running. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The configuration is wrong. */
  config: 3,
  /** The port cannot be opened, or opening it would be unsafe. */
  listen: 4,
  /** What is kept (logins, usage) cannot be opened. */
  store: 5,
} as const

export interface Output {
  readonly json: boolean
  /** A line of data for people, on stdout; nothing with `--json`. */
  line(text?: string): void
  /** One JSON value on a line of stdout; nothing without `--json`. */
  data(value: unknown): void
  /** A line of talk, on stderr. */
  talk(text: string): void
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

/** Makes the output of a command. */
export function createOutput(json: boolean): Output {
  const style =
    (format: 'bold' | 'dim' | 'green' | 'red') =>
    (text: string): string =>
      // Looks at the stream, NO_COLOR and FORCE_COLOR.
      styleText(format, text, { stream: process.stdout })
  return {
    json,
    line(text = '') {
      if (!json) process.stdout.write(`${tame(text)}\n`)
    },
    data(value) {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`)
    },
    talk(text) {
      process.stderr.write(`${tame(text)}\n`)
    },
    bold: style('bold'),
    dim: style('dim'),
    good: style('green'),
    bad: style('red'),
  }
}

/** Names and words of others (labels, a vendor's errors) must not steer the terminal; only colours do. */
export const tame = (text: string): string =>
  text.replace(
    /\u001b(?!\[[\d;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    '\uFFFD',
  )

/** An error whose message is all a person needs, with the exit code it ends the program with. */
export class CommandError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
