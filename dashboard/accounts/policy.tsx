/** A vendor's word on use of its subscription through programs like this one, with date and source. */
import type { Policy } from '../../src/server/admin/management/contract.ts'
import { Callout, Pill, type Tone } from '../ui/basic.tsx'

const TONES: Record<Policy['state'], Tone> = {
  supported: 'good',
  tolerated: 'info',
  restricted: 'warn',
  discontinued: 'bad',
}
const WORDS: Record<Policy['state'], string> = {
  supported: 'Supported',
  tolerated: 'Tolerated',
  restricted: 'Restricted',
  discontinued: 'Discontinued',
}

export function PolicyPill({ policy }: { policy: Policy }) {
  return (
    <Pill tone={TONES[policy.state]} icon={policy.state === 'restricted' ? 'warning' : undefined}>
      {WORDS[policy.state]}
    </Pill>
  )
}

export function PolicyText({ policy }: { policy: Policy }) {
  return (
    <p class="small">
      {policy.note} <span class="muted nowrap">Read {policy.since}.</span>{' '}
      {/^https:\/\//.test(policy.url) && (
        <a href={policy.url} target="_blank" rel="noreferrer noopener">
          Source
        </a>
      )}
    </p>
  )
}

export function PolicyNote({ policy }: { policy: Policy }) {
  return (
    <Callout tone={TONES[policy.state]}>
      <strong>{WORDS[policy.state]}</strong>
      <PolicyText policy={policy} />
    </Callout>
  )
}
