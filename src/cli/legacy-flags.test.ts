import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { legacyFlags } from './legacy-flags.ts'

const rewritten = (line: string) => legacyFlags(line.split(' ').filter((w) => w !== '')).join(' ')

describe('a flag of old', () => {
  it('becomes the login it meant', () => {
    for (const [old, command] of [
      ['-claude-login', 'login claude'],
      ['--claude-login', 'login claude'],
      ['-login', 'login gemini-cli'],
      ['-gemini-login', 'login gemini-cli'],
      ['-openai-login', 'login codex'],
      ['-codex-login', 'login codex'],
      ['-codex-device-login', 'login codex --device'],
      ['-qwen-login', 'login qwen'],
      ['-iflow-login', 'login iflow'],
      ['-antigravity-login', 'login antigravity'],
      ['-kimi-login=true', 'login kimi'],
    ])
      assert.equal(rewritten(old!), command)
  })

  it('keeps its companions, before and after, with a blank or an equals sign', () => {
    assert.equal(
      rewritten('-config my.yaml -claude-login -no-browser -oauth-callback-port 8085'),
      'login claude --config my.yaml --no-browser --port 8085',
    )
    assert.equal(
      rewritten('-gemini-login -project_id=my-project -config=a=b.yaml'),
      'login gemini-cli --project my-project --config a=b.yaml',
    )
  })

  it('that is switched off is left out', () => {
    assert.equal(rewritten('-claude-login=false -no-browser=false'), '')
  })

  it('of another kind, and commands of today, stay as they are', () => {
    for (const line of [
      'serve --port 1',
      'login claude --device',
      'accounts label x -y',
      '-c file',
      '-v',
      '-p 80',
      'import --from login',
    ])
      assert.equal(rewritten(line), line)
    assert.equal(rewritten('-config x.yaml'), '--config x.yaml')
  })
})
