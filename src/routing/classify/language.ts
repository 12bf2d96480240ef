/** Which language a text is in: by its letters, and between languages of Latin letters by their commonest words. */
import { FOLD, HASH_SEED, hashStep, KIND, LETTER } from './chars.ts'

const COMMON: Readonly<Record<string, string>> = {
  en: 'the of and to is that it for you with this are was what how a in on an write my me',
  de: 'der die das und ist nicht ein eine mit für auf den dem von zu wie ich sie schreibe einen was mir',
  fr: 'le la les des est et une un du que pour dans qui pas avec vous je comment ce écris sur quelle',
  es: 'el los las es y una que por con para del cómo qué escribe un en mi cuál se la de',
  it: 'il di che è e un una per con non del della sono come scrivi gli nel quali mi le',
  pt: 'o os as é e um uma que para com do da não como em escreva os qual meu dos ao',
  nl: 'de het een van en is niet met voor dat op zijn ik hoe schrijf wat je',
  tr: 've bir bu için ile ne nasıl yaz bana değil mi',
  vi: 'là và của một cho các không có viết với',
  pl: 'i w na jest nie to się z do jak napisz',
}
const WINDOW = 400
const languages = Object.keys(COMMON)
const bits = new Map<number, number>()
for (const [n, words] of Object.values(COMMON).entries())
  for (const word of words.split(' ')) {
    const hash = hashOf(word)
    bits.set(hash, (bits.get(hash) ?? 0) | (1 << n))
  }

function hashOf(word: string): number {
  let hash = HASH_SEED
  for (let i = 0; i < word.length; i += 1) hash = hashStep(hash, FOLD[word.charCodeAt(i)]!)
  return hash
}

/** The two letters of the language (ISO 639-1), `und` if there are no words. */
export function languageOf(text: string): string {
  const length = Math.min(text.length, WINDOW)
  let han = 0
  let kana = 0
  let latin = 0
  const scripts = { ko: 0, ru: 0, ar: 0, th: 0, hi: 0, he: 0, el: 0 }
  const votes = new Int32Array(languages.length)
  let hash = HASH_SEED
  let size = 0
  for (let i = 0; i <= length; i += 1) {
    const c = i < length ? text.charCodeAt(i) : 32
    if (KIND[c] === LETTER && c < 0x250) {
      hash = hashStep(hash, FOLD[c]!)
      size += 1
      latin += 1
      continue
    }
    if (size > 0) {
      const known = bits.get(hash)
      if (known !== undefined) for (let n = 0; n < votes.length; n += 1) if ((known >> n) & 1) votes[n] = votes[n]! + 1
      hash = HASH_SEED
      size = 0
    }
    if (c < 0x370) continue
    if (c >= 0x4e00 && c <= 0x9fff) han += 1
    else if (c >= 0x3040 && c <= 0x30ff) kana += 1
    else if (c >= 0xac00 && c <= 0xd7a3) scripts.ko += 1
    else if (c >= 0x400 && c <= 0x52f) scripts.ru += 1
    else if (c >= 0x600 && c <= 0x6ff) scripts.ar += 1
    else if (c >= 0xe00 && c <= 0xe7f) scripts.th += 1
    else if (c >= 0x900 && c <= 0x97f) scripts.hi += 1
    else if (c >= 0x590 && c <= 0x5ff) scripts.he += 1
    else if (c >= 0x370 && c <= 0x3ff) scripts.el += 1
  }
  // A letter of these scripts says as much as three Latin ones: names and code are Latin everywhere.
  if (kana > 1 && (kana + han) * 3 > latin) return 'ja'
  if (han > 0 && han * 3 > latin) return 'zh'
  for (const [language, count] of Object.entries(scripts)) if (count > 0 && count * 3 > latin) return language
  if (latin === 0) return 'und'
  let best = 0
  for (let n = 1; n < votes.length; n += 1) if (votes[n]! > votes[best]!) best = n
  return languages[best]!
}
