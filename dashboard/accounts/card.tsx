/** One account as its owner wants to see it: what is left, which allowance binds, when it comes back, what to do now. */

import { useMemo, useRef, useState } from 'preact/hooks'
import type { AccountView } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { plural } from '../lib/format.ts'
import { invalidate } from '../lib/query.ts'
import { Button, Mark, Time, Words } from '../ui/basic.tsx'
import { onOff, turn } from '../ui/on-off.ts'
import { confirm, Menu, type MenuItem } from '../ui/overlay.tsx'
import { attempt } from '../ui/toast.tsx'
import { AccountDetail } from './detail.tsx'
import { AccountState, Quota, wordsOfState } from './state.tsx'

/** Those that need their owner first, then the fullest. */
function byNeed(a: AccountView, b: AccountView): number {
  return need(b) - need(a) || a.label.localeCompare(b.label)
}

/** Sorted by need when the view comes; from then on every card keeps its place, and new ones come first. */
export function useOrdered(accounts: readonly AccountView[] | undefined): readonly AccountView[] {
  const order = useRef<readonly string[]>(undefined)
  return useMemo(() => {
    if (accounts === undefined) return []
    order.current ??= [...accounts].sort(byNeed).map((a) => a.id)
    const known = new Set(order.current)
    order.current = [...accounts.filter((a) => !known.has(a.id)).map((a) => a.id), ...order.current]
    const place = new Map(order.current.map((id, i) => [id, i]))
    return [...accounts].sort((a, b) => place.get(a.id)! - place.get(b.id)!)
  }, [accounts])
}

function need({ state, quota }: AccountView): number {
  const rank = { 'needs-login': 5, unusable: 4, resting: 3, busy: 1, ready: 1, disabled: 0 }[state]
  return rank * 10 + Math.min(9, Math.max(0, ...(quota?.windows.map((w) => w.used * 5) ?? [])))
}

const setOff = (id: string) => (disabled: boolean) =>
  call('changeAccount', { id, body: { disabled } }).finally(() => invalidate('accounts'))

/** What can be done with an account, for its menu. */
export function accountActions(
  account: AccountView,
  on: { details: () => void; settings?: () => void; login?: () => void },
): MenuItem[] {
  const { id, label } = account
  const items: MenuItem[] = [{ label: 'Details', icon: 'info', onPick: on.details }]
  if (account.can.login && on.login !== undefined)
    items.push({ label: 'Log in again', icon: 'login', onPick: on.login })
  if (account.can.change && on.settings !== undefined)
    items.push({ label: 'Settings', icon: 'edit', onPick: on.settings })
  if (account.can.refresh)
    items.push({
      label: 'Refresh token now',
      icon: 'refresh',
      onPick: () =>
        void attempt(
          () => call('refreshAccount', { id }).finally(() => invalidate('accounts')),
          `Refreshed the token of ${label}.`,
        ),
    })
  if (account.can.reset && account.rests.length > 0)
    items.push({ label: 'Clear rests', icon: 'play', onPick: () => void clearRests(account) })
  if (account.can.change) items.push(onOff(label, account.settings.disabled, setOff(id)))
  if (account.can.remove)
    items.push({
      label: 'Remove',
      icon: 'trash',
      danger: true,
      onPick: async () => {
        const yes = await confirm(
          `Remove ${label}?`,
          `LogicaProxy forgets this login and tells ${account.providerTitle} that it is given up. To use it again you log in again. Its recorded usage stays.`,
          'Remove account',
        )
        if (yes)
          await attempt(() => call('removeAccount', { id }).finally(() => invalidate('accounts')), `Removed ${label}.`)
      },
    })
  return items
}

async function clearRests({ id, label }: AccountView): Promise<void> {
  await attempt(
    () => call('resetAccount', { id }).finally(() => invalidate('accounts')),
    `${label} is tried again at once.`,
  )
}

export function AccountCard({
  account,
  onLogin,
  onSettings,
  level = 3,
}: {
  /** Of its heading. */
  level?: 2 | 3
  account: AccountView
  onLogin: (account: AccountView) => void
  onSettings?: (account: AccountView) => void
}) {
  const { quota, rests, label } = account
  const Heading = level === 2 ? 'h2' : 'h3'
  const [detailed, setDetailed] = useState(false)
  const items = accountActions(account, {
    details: () => setDetailed(true),
    settings: onSettings && (() => onSettings(account)),
    login: () => onLogin(account),
  })
  // The binding allowance and the two fullest beside it: more would hide what matters.
  const windows = [...(quota?.windows ?? [])]
    .sort((a, b) => Number(b.binding) - Number(a.binding) || b.used - a.used)
    .slice(0, 3)
  const shown = (quota?.windows ?? []).filter((w) => windows.includes(w))
  const more = (quota?.windows.length ?? 0) - shown.length
  const probe = rests.reduce<number | undefined>(
    (soonest, r) => (soonest === undefined || r.nextProbe < soonest ? r.nextProbe : soonest),
    undefined,
  )
  const about = [account.providerTitle, account.plan, account.email !== label ? account.email : undefined]
    .filter(Boolean)
    .join(' · ')
  return (
    <article class="card account" aria-label={`${label}, ${account.providerTitle}`}>
      <div class="account-head">
        <Mark provider={account.provider} />
        <Heading class="clip" title={label}>
          {label}
        </Heading>
        <div class="muted xs clip" title={about}>
          {about}
        </div>
        <AccountState account={account} />
      </div>
      {shown.length > 0 && (
        <div class="quota">
          {shown.map((w) => (
            <Quota key={w.id} window={w} account={label} />
          ))}
          {more > 0 && (
            <button type="button" class="link xs" onClick={() => setDetailed(true)}>
              and {plural(more, 'further allowance')}
            </button>
          )}
        </div>
      )}
      <div class="stack-sm small">
        {account.words !== `${wordsOfState(account.state)}.` && (
          <p class="wrap-any">
            <Words text={account.words} />
          </p>
        )}
        {probe !== undefined && (
          <p class="tab">
            Tested again <Time at={probe} fine />
          </p>
        )}
        <p class="muted tab">
          {account.lastUsedAt === undefined ? (
            'Not used yet'
          ) : (
            <>
              Last used <Time at={account.lastUsedAt} as="gap" />
            </>
          )}
          {account.inFlight > 0 && ` · ${account.inFlight} under way`}
        </p>
      </div>
      <div class="account-foot">
        {account.can.login && account.state === 'needs-login' && (
          <Button small tone="primary" icon="login" onClick={() => onLogin(account)} aria-label={`Log in ${label}`}>
            Log in
          </Button>
        )}
        {account.can.reset && rests.length > 0 && (
          <Button small icon="play" onClick={() => void clearRests(account)} aria-label={`Clear the rests of ${label}`}>
            Clear
          </Button>
        )}
        {account.settings.disabled && account.can.change && (
          <Button
            small
            icon="play"
            aria-label={`Turn on ${label}`}
            onClick={() => turn(label, false, setOff(account.id))}
          >
            Turn on
          </Button>
        )}
        <span class="muted xs clip">
          {account.kind === 'key'
            ? 'API key of the config'
            : account.origin?.how === 'borrowed'
              ? `Borrowed from ${account.origin.from ?? 'another program'}`
              : ''}
        </span>
        <span class="push">
          <Menu label={`Actions for ${label}`} items={items} />
        </span>
      </div>
      {detailed && <AccountDetail account={account} onClose={() => setDetailed(false)} />}
    </article>
  )
}
