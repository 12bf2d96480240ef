/** Lines of the log: time, level, message, and the fields on demand. */
import type { LogLine } from '../../src/server/admin/management/contract.ts'
import { timeOfDay } from '../lib/format.ts'
import { Pill, type Tone, Words } from '../ui/basic.tsx'

const TONES: Record<LogLine['level'], Tone> = {
  trace: 'plain',
  debug: 'plain',
  info: 'info',
  warn: 'warn',
  error: 'bad',
  fatal: 'bad',
}

export const Level = ({ level }: { level: LogLine['level'] }) => (
  <Pill tone={TONES[level]} icon={level === 'warn' ? 'warning' : undefined}>
    {level}
  </Pill>
)

export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  return (
    <ol class="stack-sm list small">
      {lines.map((l) => (
        <li key={l.seq} class="row top">
          <span class="tab muted mono xs">{timeOfDay(l.at)}</span>
          <Level level={l.level} />
          <span class="grow wrap-any">
            <Words text={l.message} />
          </span>
        </li>
      ))}
    </ol>
  )
}
