/** `logicaproxy login`: its place in the command line. What it does is loaded when it is asked for (login-run.ts). */
import { type Command, InvalidArgumentError } from 'commander'
import { createOutput } from './output.ts'

/** Options of `login`, the global ones included. */
export interface LoginCliOptions {
  config?: string
  json?: boolean
  /** False: `--no-browser`. */
  browser?: boolean
  device?: boolean
  cookie?: boolean
  label?: string
  port?: number
  proxy?: string
  project?: string
  yesIKnow?: boolean
}

/** Adds `login` to the command line. */
export function addLoginCommands(program: Command): void {
  program
    .command('login [provider]')
    .description('log in to a subscription: claude, codex, gemini-cli, antigravity, qwen, iflow, kimi, xai')
    .option('--no-browser', 'print the address instead of opening a browser, and take the code by paste')
    .option('--device', 'confirm on another device (codex, qwen, kimi, xai)')
    .option('--cookie', "log in with the cookie of the vendor's web console, which is asked for (iflow)")
    .option('--label <name>', 'name of the account in lists and logs')
    .option('-p, --port <port>', "port for the browser's way back", callbackPort)
    .option('--proxy <url>', 'proxy of this account, for the login and ever after; "direct" uses none')
    .option('--project <id>', 'Google Cloud project (gemini-cli, antigravity); several with commas between them')
    .option('--yes-i-know', "log in although the provider's policy is restricted (it is shown)")
    .action(async (...args: unknown[]) => {
      const command = args.at(-1) as Command
      const options = command.optsWithGlobals<LoginCliOptions>()
      const { login } = await import('./login-run.ts')
      await login(createOutput(options.json === true), options, typeof args[0] === 'string' ? args[0] : undefined)
    })
}

function callbackPort(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 1 to 65535.')
  return value
}
