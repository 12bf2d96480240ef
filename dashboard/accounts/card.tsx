/** One account as its owner wants to see it: what is left, which allowance binds, when it comes back, what to do now. */

import { useMemo, useRef } from 'preact/hooks'
import type { AccountView, QuotaWindowView } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { useNow } from '../lib/clock.ts'
import { percent, plural, relative, when } from '../lib/format.ts'
import { invalidate } from '../lib/query.ts'
import { Button, Mark, Meter, Pill, Time, type Tone, Words } from '../ui/basic.tsx'
import { confirm, Menu, type MenuItem } from '../ui/overlay.tsx'
import { attempt } from '../ui/toast.tsx'

const STATES: Record<AccountView['state'], { tone: Tone; words: string }> = {
  ready: { tone: 'good', words: 'Ready' },
  resting: { tone: 'warn', words: 'Resting' },
  'needs-login': { tone: 'bad', words: 'Needs login' },
  disabled: { tone: 'plain', words: 'Off' },
  busy: { tone: 'info', words: 'Busy' },
  unusable: { tone: 'bad', words: 'Unusable' },
}

export function AccountState({ account }: { account: AccountView }) {
  const { tone, words } = STATES[account.state]
  return (
    <Pill tone={tone} icon={account.state === 'disabled' ? 'off' : undefined}>
      {words}
    </Pill>
  )
}

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

function Quota({ window: w, account }: { window: QuotaWindowView; account: string }) {
  const now = useNow()
  return (
    <div class="quota-row">
      <span class="clip">
        {w.title}
        {w.binding && (
          <>
            {' '}
            <span class="tag" title="This allowance runs out first">
              binds
            </span>
          </>
        )}
      </span>
      <span class={`tab ${w.used >= 0.95 ? 'bad strong' : w.used >= 0.8 ? 'warn strong' : ''}`}>
        {percent(w.used)} used
      </span>
      <Meter share={w.used} words={`${account}, ${w.title}: used`} />
      <span class="reset clip tab" title={w.models === undefined ? undefined : `For ${w.models.join(', ')}`}>
        {w.exhausted && <span class="bad">Used up. </span>}
        {w.resetsAt === undefined
          ? 'No reset time told'
          : `Resets ${relative(w.resetsAt, now)}, ${when(w.resetsAt, now)}`}
      </span>
    </div>
  )
}

/** What can be done with an account, for its menu. */
export function accountActions(account: AccountView, on: { settings?: () => void; login?: () => void }): MenuItem[] {
  const { id, label } = account
  const set = (disabled: boolean) =>
    call('changeAccount', { id, body: { disabled } }).finally(() => invalidate('accounts'))
  const items: MenuItem[] = []
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
  if (account.can.reset) items.push({ label: 'Clear rests', icon: 'play', onPick: () => void clearRests(account) })
  if (account.can.change)
    items.push(
      account.settings.disabled
        ? {
            label: 'Turn on',
            icon: 'play',
            onPick: () =>
              void attempt(
                () => set(false),
                `${label} is on.`,
                () => set(true),
              ),
          }
        : {
            label: 'Turn off',
            icon: 'off',
            onPick: () =>
              void attempt(
                () => set(true),
                `${label} is off.`,
                () => set(false),
              ),
          },
    )
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
  const items = accountActions(account, {
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
        <div class="clip">
          <Heading class="clip" title={label}>
            {label}
          </Heading>
          <div class="muted xs clip" title={about}>
            {about}
          </div>
        </div>
        <AccountState account={account} />
      </div>
      {shown.length > 0 && (
        <div class="quota">
          {shown.map((w) => (
            <Quota key={w.id} window={w} account={label} />
          ))}
          {more > 0 && <span class="muted xs">and {plural(more, 'further allowance')}</span>}
        </div>
      )}
      <div class="stack-sm small">
        <p class="wrap-any">
          <Words text={account.words} />
        </p>
        <p class="muted tab">
          {account.lastUsedAt === undefined ? (
            'Not used yet'
          ) : (
            <>
              Last used <Time at={account.lastUsedAt} absolute={false} />
            </>
          )}
          {account.inFlight > 0 && ` · ${account.inFlight} under way`}
          {probe !== undefined && (
            <>
              {' · '}next test <Time at={probe} absolute={false} fine />
            </>
          )}
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
            onClick={() =>
              void attempt(
                () =>
                  call('changeAccount', { id: account.id, body: { disabled: false } }).finally(() =>
                    invalidate('accounts'),
                  ),
                `${label} is on.`,
              )
            }
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
        <span class="push">{items.length > 0 && <Menu label={`Actions for ${label}`} items={items} />}</span>
      </div>
    </article>
  )
}
