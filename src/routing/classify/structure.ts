/** Signals of form: what a text is made of, whatever its words say. */
import { FOLD } from './chars.ts'

/** Names of the signals of form, as an explanation says them. A signal's number is its place here. */
export const STRUCTURE = [
  'under 60 characters',
  '60 to 200 characters',
  '200 to 700 characters',
  '700 to 2,500 characters',
  'over 2,500 characters',
  'a code fence',
  'braces or semicolons',
  'many braces or semicolons',
  'brackets and operators',
  'digits',
  'many digits',
  'a table of bars',
  'a dense table of bars',
  'tabs',
  'LaTeX',
  'a money sign',
  'a percentage',
  'a question mark',
  'ends with a question mark',
  'more than one line',
  'many lines',
  'indented lines',
  'a line of code',
  'mostly capitals',
  'Chinese characters',
  'Cyrillic letters',
  'Hangul',
  'kana',
  'accented letters',
  'a URL',
  'a file name',
  'a formula',
  'bullets',
  'quotation marks',
  'a colon',
  'camelCase',
  'semicolons',
  'braces',
  'markup tags',
  'a question of fact',
  'an exclamation mark',
  'under 6 words',
  '6 to 20 words',
  '20 to 80 words',
  'over 80 words',
  'a stack trace or error message',
  'snake_case or a call',
  'a shell command',
  'lettered options',
  'a blank to fill in',
  'comma-separated rows',
  'a data file',
  'several figures in a short text',
  'lines of label and value',
  'a function signature',
  'ends with a colon',
  'a path',
] as const

const CODE_LINE =
  /(?:^|\n|`)\s*(?:import \w|from \w+ import|#include|def \w+\(|return\b|const \w|let \w+ =|var \w|public (?:class|static|void)|private \w|void \w|class \w+\s*[:{(]|SELECT\s|INSERT INTO|CREATE TABLE|func \w+\(|fn \w+\(|package \w+|using \w+;|@\w+\()|console\.log|print(?:f|ln)?\(|=>|<\?php|System\.out/i
const TRACE =
  /Traceback|Exception\b|[a-z]Error\b|\berror(?: |\[)?[A-Z]?\d{2,}|\bat [\w.$<>]+ ?\([^)\n]{0,120}:\d+|segfault|segmentation fault|undefined is not|cannot read propert|stack ?trace|ENOENT|npm ERR|exit code \d|not found: |errno/i
const CALL = /\b[a-z]+_[a-z]+\w*\b|\b[A-Za-z_]\w*\.?[A-Za-z_]\w*\(\w*\)/
const SHELL =
  /(?:^|\n|`)\s*(?:\$ |sudo |npm |npx |pip3? |git |docker |kubectl |curl |cd |ls |grep |apt(?:-get)? |brew |yarn |cargo |go (?:run|build|test) |make (?:build|test|install|clean|all)\b)/
const OPTIONS = /(?:^|\s)\(?[aA][).:、．]\s?.{1,200}?\s\(?[bB][).:、．]\s?/s
const BLANK = /_{3,}|\.{5,}|\[(?:your )?\w+\]|（\s*）|\(\s{1,4}\)/
const ROWS = /(?:^|\n)[^\n,;]{1,40}[,;][^\n]{1,120}[,;][^\n]{0,120}\n[^\n,;]{1,40}[,;][^\n]{1,120}[,;]/
const DATA_FILE = /\w\.(?:csv|xlsx?|tsv|parquet|db|sqlite|jsonl|dta|sav)\b/i
const LABELS = /(?:^|\n)[^\n:：]{1,30}[:：] ?[^\n]{1,80}\n[^\n:：]{1,30}[:：] ?[^\n]/
const SIGNATURE = /\b\w{2,40}\([\w\s,:*&=<>[\]]{0,80}\)\s*(?:->|:|\{|=>)/
const PATH =
  /(?:^|[\s`'"(])(?:\.{0,2}\/[\w.@-]+\/[\w./@-]*|[A-Za-z]:\\[\w\\]+|~\/[\w./-]+|(?:src|lib|app|test|tests|packages|internal|cmd)\/[\w./-]+)/
const CODE_FILE =
  /\w\.(?:py|tsx?|jsx?|mjs|java|cpp|hpp|cc|go|rs|html|css|scss|sh|json|ya?ml|toml|sql|php|rb|kt|swift|c|h|cs|vue|md|lock|tf|ipynb)\b/
const FORMULA = /\d\s*[-+*/^=×÷]\s*\d|\b[a-z]\s*[=^]\s*-?\d|\\frac|\\sqrt|\^2|\b[a-z]\([a-z]\)\s*=|\d\s?[a-z]\s?[-+=]/
const FACT = /^\s*(?:what|who|when|where|which|how|why|is|are|do|does|did|can|could|was|were|will)\b/i
const TAG = /<\/?[a-zA-Z][^<>]{0,80}>/

/** Longest stretch that expressions are run over; every one of them is bounded within it. */
const LOOKED_AT = 1200
/** Longest stretch whose characters are counted. */
const COUNTED = 6000

const counts = new Int32Array(128)

/** Writes the signals of form of `text` into `out` from `offset` on. */
export function structure(text: string, out: Float32Array, offset: number): void {
  const length = text.length
  const scanned = Math.min(length, COUNTED)
  counts.fill(0)
  let wide = 0
  let cjk = 0
  let cyrillic = 0
  let hangul = 0
  let kana = 0
  let accented = 0
  let camel = 0
  let indents = 0
  let bullets = 0
  let fences = 0
  let figures = 0
  let previous = 10
  for (let i = 0; i < scanned; i += 1) {
    const c = text.charCodeAt(i)
    if (c < 128) {
      counts[c] = counts[c]! + 1
      if (c >= 65 && c <= 90) {
        if (previous >= 97 && previous <= 122) camel += 1
      } else if (c >= 48 && c <= 57) {
        if (previous < 48 || previous > 57) figures += 1
      } else if (previous === 10 && (c === 32 || c === 9)) indents += 1
      else if (previous === 10 && (c === 42 || c === 45)) bullets += 1
      else if (c === 96 && previous === 96) fences += 1
    } else {
      wide += 1
      if (c >= 0x4e00 && c <= 0x9fff) cjk += 1
      else if (c >= 0x3040 && c <= 0x30ff) kana += 1
      else if (c >= 0xac00 && c <= 0xd7a3) hangul += 1
      else if (c >= 0x400 && c <= 0x4ff) cyrillic += 1
      else if (c < 0x250 && FOLD[c] !== c) accented += 1
      else if (c === 0xff1f) counts[63] = counts[63]! + 1
      else if (c === 0xff01) counts[33] = counts[33]! + 1
      else if (c === 0xff1a) counts[58] = counts[58]! + 1
    }
    previous = c
  }
  const n = (c: number) => counts[c]!
  let upper = 0
  let letters = wide
  let digits = 0
  for (let c = 65; c <= 90; c += 1) {
    upper += n(c)
    letters += n(c) + n(c + 32)
  }
  for (let c = 48; c <= 57; c += 1) digits += n(c)
  const braces = n(123) + n(125)
  const semi = n(59)
  const symbols = semi + braces + n(40) + n(41) + n(91) + n(93) + n(61) + n(38)
  const lines = n(10)
  const dollars = n(36)
  const slashes = n(92)
  const size = Math.max(1, scanned)
  const head = length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text
  const dotted = n(46) > 0
  const words = n(32) + lines + cjk / 2 + kana / 3
  let at = offset
  const put = (value: boolean | number) => {
    out[at] = value === true ? 1 : value === false ? 0 : value
    at += 1
  }
  put(length < 60)
  put(length >= 60 && length < 200)
  put(length >= 200 && length < 700)
  put(length >= 700 && length < 2500)
  put(length >= 2500)
  put(fences > 0)
  put(semi + braces >= 3)
  put((semi + braces) / size > 0.01)
  put(Math.min(1, (symbols / size) * 12))
  put(Math.min(1, (digits / size) * 8))
  put(digits / size > 0.06)
  put(n(124) >= 4)
  put(n(124) / size > 0.02)
  put(n(9) >= 3)
  put(slashes >= 2 && (dollars >= 2 || slashes >= 3))
  put(dollars > 0)
  put(n(37) > 0)
  put(n(63) > 0)
  put(/[?？]\s*$/.test(text.slice(-6)))
  put(lines > 0)
  put(lines >= 8)
  put(indents >= 3)
  put(symbols + n(61) > 0 && CODE_LINE.test(head))
  put(letters > 0 && upper / letters > 0.3)
  put(cjk > 2)
  put(cyrillic > 3)
  put(hangul > 3)
  put(kana > 2)
  put(accented > 1)
  put(n(47) > 1 && /https?:\/\//.test(head))
  put(dotted && CODE_FILE.test(head))
  put((digits > 0 || slashes > 0) && FORMULA.test(head))
  put(bullets >= 2)
  put(n(34) >= 2)
  put(n(58) > 0)
  put(camel >= 2)
  put(semi >= 2)
  put(braces >= 2)
  put(n(60) > 0 && n(62) > 0 && TAG.test(head))
  put(FACT.test(head))
  put(n(33) > 0)
  put(words < 6)
  put(words >= 6 && words < 20)
  put(words >= 20 && words < 80)
  put(words >= 80)
  put(TRACE.test(head))
  put((n(95) > 0 || n(40) > 0) && CALL.test(head))
  put(SHELL.test(head))
  put(OPTIONS.test(head))
  put((n(95) > 2 || n(46) > 4 || n(91) > 0 || n(40) > 0 || wide > 0) && BLANK.test(head))
  put(n(44) + semi >= 4 && lines > 0 && ROWS.test(head))
  put(dotted && DATA_FILE.test(head))
  put(figures >= 3 && length < 900)
  put(lines > 0 && LABELS.test(head))
  put(n(40) > 0 && SIGNATURE.test(head))
  put(/[:：]\s*$/.test(text.slice(-6)))
  put(n(47) + slashes > 0 && PATH.test(head))
}
