/** What the pretended gateway warns of, as the real one would of such accounts. */
import type { AccountView, Alert } from '../../src/server/admin/management/contract.ts'

/** @param now ms since the epoch. */
export function makeAlerts(accounts: readonly AccountView[], now: number): Alert[] {
  const alerts: Alert[] = []
  for (const a of accounts) {
    const name = `${a.label} (${a.providerTitle})`
    if (a.state === 'needs-login')
      alerts.push({
        id: `needs-login:${a.id}`,
        level: 'critical',
        kind: 'needs-login',
        message: `${name} needs a login since ${new Date(now - 9 * 3_600_000).toISOString()}.`,
        action: 'Log it in again.',
        accountId: a.id,
        provider: a.provider,
      })
    const tight = a.quota?.windows.find((w) => w.used >= 0.8)
    if (tight !== undefined)
      alerts.push({
        id: `quota:${a.id}:${tight.id}`,
        level: 'warning',
        kind: 'quota',
        message: `${name} has used ${Math.round(tight.used * 100)} % of its ${tight.title}.`,
        ...(tight.resetsAt !== undefined && { action: `It resets at ${new Date(tight.resetsAt).toISOString()}.` }),
        accountId: a.id,
      })
  }
  if (accounts.length > 0 && accounts.every((a) => a.state === 'resting'))
    alerts.unshift({
      id: 'all-resting',
      level: 'critical',
      kind: 'all-resting',
      message: `All ${accounts.length} accounts rest, the first until ${new Date(now + 3_600_000).toISOString()}.`,
    })
  if (accounts.some((a) => a.provider === 'antigravity'))
    alerts.push({
      id: 'policy:antigravity',
      level: 'info',
      kind: 'policy',
      message: 'Antigravity restricts use through other programs.',
      provider: 'antigravity',
    })
  return alerts
}
