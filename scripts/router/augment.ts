/** Rows as people also write them: with a greeting, thanks, a slip of the finger, in another case. */
import { withoutCourtesy } from '../../src/routing/classify/strip.ts'
import { random } from './learn.ts'
import type { Row } from './rows.ts'

const GREETINGS: Readonly<Record<string, readonly string[]>> = {
  en: ['Hi there! ', 'Hello, ', 'Hey, ', 'Good morning. ', 'Hi, hope you are doing well. '],
  de: ['Hallo, ', 'Guten Tag! ', 'Moin, '],
  fr: ['Bonjour, ', 'Salut ! ', 'Bonsoir, '],
  es: ['Hola, ', '¡Buenas! ', 'Buenos días, '],
  it: ['Ciao, ', 'Buongiorno, '],
  pt: ['Olá, ', 'Oi! ', 'Bom dia, '],
  ru: ['Привет! ', 'Здравствуйте, ', 'Добрый день. '],
  zh: ['你好，', '您好！', '请问，'],
  ja: ['こんにちは。', 'お世話になっております。'],
  ko: ['안녕하세요. ', '안녕! '],
}
const THANKS: Readonly<Record<string, readonly string[]>> = {
  en: [' Thanks!', ' Thank you in advance.', ' thanks a lot', '\n\nThank you!'],
  de: [' Danke!', ' Vielen Dank im Voraus.'],
  fr: [' Merci !', " Merci d'avance."],
  es: [' ¡Gracias!', ' Gracias de antemano.'],
  it: [' Grazie!', ' Grazie mille.'],
  pt: [' Obrigado!', ' Obrigada desde já.'],
  ru: [' Спасибо!', ' Заранее спасибо.'],
  zh: ['谢谢！', '，谢谢你'],
  ja: ['ありがとうございます。', 'よろしくお願いします。'],
  ko: [' 감사합니다.', ' 고마워!'],
}

const pick = <T>(list: readonly T[], rand: () => number): T => list[Math.floor(rand() * list.length)]!

export function greeted(text: string, lang: string, rand: () => number): string {
  return pick(GREETINGS[lang] ?? GREETINGS['en']!, rand) + text
}

export function thanked(text: string, lang: string, rand: () => number): string {
  return text + pick(THANKS[lang] ?? THANKS['en']!, rand)
}

/** Slips in `share` of the letters: swapped, left out, doubled. Ideographs are left alone, as an input method leaves them. */
export function mistyped(text: string, share: number, rand: () => number): string {
  let out = ''
  for (let i = 0; i < text.length; i += 1) {
    const ch = text[i]!
    if (!/[a-zA-Zа-яА-ЯÀ-ž]/.test(ch) || rand() >= share) {
      out += ch
      continue
    }
    const kind = Math.floor(rand() * 3)
    const next = text[i + 1]
    if (kind === 0 && next !== undefined && /\p{L}/u.test(next)) {
      out += next + ch
      i += 1
    } else if (kind === 1) out += ch + ch
  }
  return out
}

/** Every row without courtesies, as the classifier reads it, and a part of them once more with slips or in lower case. */
export function augmented(rows: readonly Row[], seed: number): Row[] {
  const rand = random(seed ^ 0x61756721)
  const out: Row[] = []
  for (const row of rows) {
    const prompt = withoutCourtesy(row.prompt)
    out.push({ ...row, prompt })
    const turn = rand()
    if (turn < 0.2) out.push({ ...row, prompt: mistyped(prompt.slice(0, 2200), 0.05, rand) })
    else if (turn < 0.25) out.push({ ...row, prompt: prompt.toLowerCase() })
    else if (turn < 0.27) out.push({ ...row, prompt: prompt.slice(0, 2200).toUpperCase() })
  }
  return out
}
