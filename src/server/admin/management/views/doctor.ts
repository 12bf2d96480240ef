/** What the doctor finds: things its owner should know, worst first, each with what to do. */
import { isLoopback } from '../../../access.ts'
import { clientDigests, tokenState } from '../auth/secrets.ts'
import type { ManagementContext } from '../context.ts'
import type { Alert, Finding } from '../contract.ts'

const ORDER: readonly Finding['level'][] = ['critical', 'warning', 'info', 'good']

/** @param alerts what stands against it now. */
export function advice(context: ManagementContext, alerts: readonly Alert[]): Finding[] {
  const { gateway } = context
  const { config, accounts } = gateway.snapshot
  const found: Finding[] = alerts.map(({ id, level, title, message, parts, action }) => ({
    id,
    level,
    alert: id,
    // What has no title is a sentence that says it all.
    title: title ?? message,
    detail: title === undefined ? '' : message,
    ...(parts === undefined || title === undefined ? {} : { parts }),
    ...(action === undefined ? {} : { action }),
  }))
  const add = (level: Finding['level'], id: string, title: string, detail: string, action?: string) =>
    found.push({ id, level, title, detail, ...(action === undefined ? {} : { action }) })

  for (const [n, words] of (context.remarks?.() ?? []).entries()) {
    const said = context.scrub(words)
    add('warning', `logins-${n}`, said.length > 80 ? `${said.slice(0, 79)}…` : said, said)
  }
  const open = config['api-keys'].length === 0 && (context.keys?.open ?? true)
  if (open)
    add(
      isLoopback(config.host) ? 'warning' : 'critical',
      'no-client-keys',
      'Anyone on this machine may use your accounts',
      'There is no client key, so every program here can send requests.',
      'Make a client key.',
    )
  else add('good', 'client-keys', 'Clients need a key', 'Requests without a known key are refused.')

  if (isLoopback(config.host)) add('good', 'bind', 'Only this machine can reach it', `It listens on ${config.host}.`)
  else
    add(
      'info',
      'bind',
      'Other machines can reach it',
      `It listens on ${config.host === '' ? 'all interfaces' : config.host}${config.tls.enable ? ', with TLS' : ', without TLS'}.`,
      config.tls.enable ? undefined : 'Set tls, or put it behind a proxy that has it.',
    )

  const token = tokenState(config)
  const secret = config['remote-management']['secret-key']
  if (token.is === 'none') add('info', 'admin-token', 'No admin token', token.because)
  else if (clientDigests(config).has(token.digest))
    add(
      'critical',
      'admin-token',
      'The admin token is a client key, too',
      'It is refused as an admin token, because every client knows it.',
      'Set another remote-management.secret-key.',
    )
  else if (!secret.startsWith('sha256:') && secret.length < 20)
    add(
      'warning',
      'admin-token',
      'The admin token is short',
      'Short tokens can be guessed.',
      'Set a longer one: "openssl rand -hex 24" makes one.',
    )
  else if (!secret.startsWith('sha256:'))
    add(
      'info',
      'admin-token',
      'The admin token stands in the config in plain text',
      'Whoever reads the file has it.',
      'Write "sha256:" and its hash in its place.',
    )
  else add('good', 'admin-token', 'The admin token is stored as a hash', 'It was shown once, when it was made.')

  if (config['allowed-hosts'].includes('*'))
    add(
      'warning',
      'any-host',
      'Every Host name is answered',
      'A page of a stranger could reach this server under a name of its own (DNS rebinding).',
      'List the names in allowed-hosts in place of "*".',
    )
  if (context.inMemory) add('info', 'memory', 'Nothing is kept', 'Usage and settings are gone when this process ends.')
  if (config['allowed-origins'].length > 0)
    add('info', 'origins', 'Pages of other origins may call models here', config['allowed-origins'].join(', '))
  if (accounts.length > 0)
    add(
      'good',
      'accounts',
      `${accounts.length} ${accounts.length === 1 ? 'account serves' : 'accounts serve'}`,
      accounts
        .map(({ label }) => label)
        .slice(0, 20)
        .join(', '),
    )
  const listens = process.versions.node
  add(
    'good',
    'version',
    `LogicaProxy ${context.version}`,
    `Node.js ${listens}, ${process.platform} ${process.arch}. No newer version is looked for: nothing is asked of the network.`,
  )
  return found.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level))
}
