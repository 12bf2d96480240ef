/** How every account stands for a model, in words. */
import type { Standing } from '../../src/server/admin/management/contract.ts'
import { percent } from '../lib/format.ts'
import { Mark, Pill, type Tone, Words } from '../ui/basic.tsx'

const STATES: Record<Standing['is'], { tone: Tone; words: string }> = {
  usable: { tone: 'good', words: 'Usable' },
  probe: { tone: 'info', words: 'May be tested' },
  resting: { tone: 'warn', words: 'Resting' },
  busy: { tone: 'info', words: 'Busy' },
  tried: { tone: 'plain', words: 'Tried' },
  'lower-priority': { tone: 'plain', words: 'Lower priority' },
  disabled: { tone: 'plain', words: 'Off' },
  'needs-login': { tone: 'bad', words: 'Needs login' },
  excluded: { tone: 'plain', words: 'Excluded' },
}

export function Standings({ targets }: { targets: readonly { model: string; standings: readonly Standing[] }[] }) {
  return (
    <ol class="stack list">
      {targets.map((t, i) => (
        <li key={t.model} class="stack-sm">
          <h3 class="wrap-any">
            {i + 1}. {t.model}
          </h3>
          {t.standings.length === 0 && <p class="muted small">No account serves it.</p>}
          <ul class="standings list">
            {t.standings.map((s) => (
              <li key={s.accountId + s.model} class="standing">
                <Mark provider={s.provider} small />
                <div class="clip-box">
                  <div class="clip">
                    {s.label} <span class="muted xs">{s.provider}</span>
                  </div>
                  <div class="muted xs wrap-any cap">
                    <Words text={s.because} parts={s.parts} />
                    {s.bound === true && ' · this conversation is bound to it'}
                    {s.translated && ' · translated'}
                  </div>
                </div>
                <div class="end">
                  <Pill tone={STATES[s.is].tone}>{STATES[s.is].words}</Pill>
                  {!['needs-login', 'disabled', 'excluded'].includes(s.is) && (
                    <span class="muted xs tab">{percent(s.quotaLeft)} left</span>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  )
}
