/** Households that try the page: crowds, names of any length and script, figures of ten digits, nobody who can answer. */
import type { AccountView, QuotaWindowView } from '../../src/server/admin/management/contract.ts'
import { makeAccounts } from './accounts.ts'

export const CROWDS = ['usual', 'crowd', 'hard', 'resting'] as const
export type Crowd = (typeof CROWDS)[number]

/** 80 characters, as long as the longest that vendors give out. */
const LONG_MAIL = `${'first.middle.last.of.a.very.long.family.name'}@${'research.example-university.ac.example'.slice(0, 35)}`
const NAMES = [
  LONG_MAIL,
  'حساب الفريق الرئيسي للتطوير',
  'חשבון הצוות (גיבוי)',
  'Büro München – Übergabe & Test',
  '開発チームの共有アカウント(予備)',
  'x',
  'no spaces at all:'.replaceAll(' ', '_') + 'A'.repeat(60),
  '🙂 weekend',
]
const HOUR = 3_600_000

function windows(now: number, index: number): QuotaWindowView[] {
  const used = [0, 0.8, 1, 1.04, 0.004, 0.95][index % 6]!
  return [
    {
      id: '5h',
      title: '5 hours',
      used,
      resetsAt: now + HOUR * (1 + index),
      binding: used >= 0.5,
      exhausted: used >= 1,
    },
    { id: '7d', title: 'Week', used: used / 2, binding: used < 0.5, exhausted: false },
  ]
}

/** @param now ms since the epoch. */
export function makeCrowd(crowd: Crowd, now: number): AccountView[] {
  const usual = makeAccounts(now)
  const able = usual.filter((a) => a.state === 'ready' && a.quota !== undefined)
  switch (crowd) {
    case 'usual':
      return usual
    case 'crowd':
      return Array.from({ length: 60 }, (_, i) => ({
        ...usual[i % usual.length]!,
        id: `${usual[i % usual.length]!.id}-${i}`,
        label: `team-${String(i + 1).padStart(2, '0')}@example.com`,
      }))
    case 'hard':
      return NAMES.map((label, i) => ({
        ...able[i % able.length]!,
        id: `hard-${i}`,
        label,
        email: i % 2 === 0 ? label : `${i}@example.com`,
        words:
          i % 3 === 2 ? `Rests until ${new Date(now + HOUR * (1 + i)).toISOString()}: all of it is used up.` : 'Ready.',
        state: i % 3 === 2 ? ('resting' as const) : ('ready' as const),
        quota: { at: now - 1000, windows: windows(now, i) },
        requests: 1_234_567_890,
        inFlight: i === 0 ? 1_234_567_890 : 0,
      }))
    case 'resting':
      return able.map((a, i) => ({
        ...a,
        state: 'resting',
        words: `Rests until ${new Date(now + HOUR * (i + 1)).toISOString()}: "You have hit your usage limit."`,
        rests: [
          {
            until: now + HOUR * (i + 1),
            nextProbe: now + 60_000 * (i + 2),
            kind: 'quota-exhausted',
            because: 'You have hit your usage limit.',
          },
        ],
        quota: {
          at: now - 60_000,
          windows: a.quota!.windows.map((w) => ({ ...w, used: w.binding ? 1 : w.used, exhausted: w.binding })),
        },
        can: { ...a.can, reset: true },
      }))
  }
}
