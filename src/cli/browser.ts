/** Opens a person's browser, where there is one to open. */
import { spawn } from 'node:child_process'

/** Why no browser is opened here; undefined: one can be. */
export function noBrowserBecause(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  if (env['SSH_CONNECTION'] || env['SSH_TTY'] || env['SSH_CLIENT']) return 'this is an SSH session'
  if (env['BROWSER']) return undefined
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY'] && !env['WSL_DISTRO_NAME'])
    return 'there is no display here'
  return undefined
}

/** The program and its arguments. No shell reads the URL. */
export function browserCommand(url: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): [string, string[]] {
  if (env['BROWSER']) return [env['BROWSER'], [url]]
  if (platform === 'darwin') return ['open', [url]]
  if (platform === 'win32') return ['rundll32.exe', ['url.dll,FileProtocolHandler', url]]
  if (env['WSL_DISTRO_NAME']) return ['rundll32.exe', ['url.dll,FileProtocolHandler', url]]
  return ['xdg-open', [url]]
}

/** Starts it and lets go. @param failed called if it cannot be started. */
export function openBrowser(url: string, failed: () => void, env: NodeJS.ProcessEnv = process.env): void {
  const [command, args] = browserCommand(url, env, process.platform)
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', failed)
  child.unref()
}
