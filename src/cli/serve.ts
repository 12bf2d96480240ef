/** `logicaproxy serve`: the gateway as a program. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeFirstConfig } from '../config/first-run.ts'
import { ConfigError, expandHome, resolveConfigPath } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { createGateway, type RunningGateway, StoreError, TlsError, UnsafeBindError } from '../index.ts'
import { createLog, createLogFile, createRedactor, flushLog, type Log } from '../telemetry/index.ts'
import { version } from '../version.ts'
import type { CliOptions } from './main.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { waitingLogins } from './waiting-logins.ts'

/** Starts the gateway and resolves when it listens; it runs until a signal ends it. */
export async function serve(out: Output, options: CliOptions): Promise<void> {
  const file = resolveConfigPath(options.config)
  if (!existsSync(file)) await firstStart(out, file)
  const redactor = createRedactor()
  let log!: Log
  const makeLog = (config: Config): Log => {
    const destination = config['logging-to-file']
      ? createLogFile({
          dir: join(expandHome(config['auth-dir']), 'logs'),
          maxTotalMb: config['logs-max-total-size-mb'],
          trouble: (error) => out.talk(`The log cannot be written: ${error.message}`),
        })
      : undefined
    log = createLog({ level: config.log.level, format: config.log.format, debug: config.debug, redactor, destination })
    return log
  }
  let gateway: RunningGateway
  try {
    gateway = await createGateway({ config: file, log: makeLog, redactor })
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message, EXIT.store)
    if (error instanceof ConfigError || error instanceof TlsError) throw new CommandError(error.message, EXIT.config)
    throw error
  }
  for (const notice of gateway.notices)
    log[notice.kind === 'warning' ? 'warn' : 'info']({ line: notice.line, key: notice.path }, notice.message)
  const at = await listen(gateway, options)
  // Before anybody hears that it listens: whoever does may send a signal.
  endOnSignals(gateway, log)
  process.on('SIGHUP', () => void gateway.reload().catch(() => {}))
  log.info({ url: at.url, config: file, version }, 'LogicaProxy listens')
  if (gateway.keys.open) log.warn({}, 'no api-keys are configured: everyone on this machine may use these accounts')
  void waitingLogins(expandHome(gateway.config['auth-dir']), gateway.logins?.records() ?? []).then(
    (words) => words !== undefined && log.warn({}, words),
    () => {},
  )
  out.data({ event: 'listening', ...at, config: file, version })
  // Not before all is loaded and the store's thread runs: what was compiled under other flags V8 compiles anew.
  await import('./young-space.ts')
  if (process.stderr.isTTY && !out.json) {
    out.talk(`\n  LogicaProxy ${version} is at ${out.bold(at.url)}`)
    out.talk(`  config ${file}`)
    if (!gateway.config['remote-management']['disable-control-panel']) {
      const link = await gateway.dashboardLink().catch((error: Error) => error)
      if (!(link instanceof Error)) out.talk(`  dashboard, this link once: ${link.url}`)
    }
    out.talk('')
  }
}

async function firstStart(out: Output, file: string): Promise<void> {
  const { clientKey, adminToken } = await writeFirstConfig(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error
    const help = 'Make its directory writable, or give another path with --config.'
    throw new CommandError(`The first config cannot be written to ${file} (${error.code}). ${help}`, EXIT.config)
  })
  out.talk(`There was no config yet, so one was written to ${file}`)
  out.talk(`Client key, shown this once: ${clientKey}`)
  out.talk(`Admin token of the dashboard, shown this once: ${adminToken}`)
  out.talk('Add your provider keys there; the running server takes them over by itself.')
  out.data({ event: 'first-start', config: file, clientKey, adminToken })
}

async function listen(gateway: RunningGateway, { host, port }: CliOptions) {
  try {
    return await gateway.listen({ host, port })
  } catch (error) {
    const wanted = `${host ?? gateway.config.host}:${port ?? gateway.config.port}`
    if (error instanceof UnsafeBindError) throw new CommandError(error.message, EXIT.listen)
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new CommandError(`${wanted} is in use: is LogicaProxy running already? --port takes another.`, EXIT.listen)
    if (code === 'EACCES') throw new CommandError(`This user may not listen on ${wanted}.`, EXIT.listen)
    throw new CommandError(`Cannot listen on ${wanted}: ${(error as Error).message}`, EXIT.listen)
  }
}

/** The first signal lets running requests finish, up to `drain-seconds`; the second ends now. */
export function endOnSignals(gateway: RunningGateway, log?: Log, alsoClose?: () => Promise<void>): void {
  let ending = false
  const end = (signal: NodeJS.Signals): void => {
    if (ending) {
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    ending = true
    log?.info({ signal, active: gateway.active }, 'shutting down')
    void gateway.close().then(async (cut) => {
      if (cut > 0) log?.warn({ cut }, 'requests had to be ended')
      await alsoClose?.()
      if (log !== undefined) await flushLog(log)
      process.exit(EXIT.ok)
    })
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}
