/** How an account stands: its state in a word, and how full each of its allowances is. */
import type { AccountView, QuotaWindowView } from '../../src/server/admin/management/contract.ts'
import { useNow } from '../lib/clock.ts'
import { percent, relative, when } from '../lib/format.ts'
import { Meter, Pill, type Tone } from '../ui/basic.tsx'

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

export const wordsOfState = (state: AccountView['state']) => STATES[state].words

export function Quota({ window: w, account }: { window: QuotaWindowView; account: string }) {
  const now = useNow()
  return (
    <div class="quota-row">
      <span class="clip cap">
        {w.title}
        {w.binding && (
          <>
            {' '}
            <span class="tag" title="Of its allowances this one runs out first">
              tightest
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
