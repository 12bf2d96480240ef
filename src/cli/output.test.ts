import assert from 'node:assert/strict'
import { it } from 'node:test'
import { tame } from './output.ts'

it('words of others cannot steer the terminal; colours and lines of ours stay', () => {
  for (const steering of ['\u001b[2J', '\u001b]0;title\u0007', '\u001b[1A', '\u009b2J', '\r', '\b', '\u202e', '\u2066'])
    assert.doesNotMatch(
      tame(`anna${steering}@example.org`),
      /[\u001b\u0007\u009b\r\b\u202e\u2066]/,
      JSON.stringify(steering),
    )
  for (const ours of ['\u001b[1mbold\u001b[22m', 'two\nlines', 'a\ttab', 'Zoë 👩‍💻 ████░░'])
    assert.equal(tame(ours), ours)
})
