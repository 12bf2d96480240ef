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
      ['-iflow-cookie', 'login iflow --cookie'],
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

  it('takes a service account over, with its prefix', () => {
    const command = 'import --provider vertex --move --from key.json'
    assert.equal(rewritten('-vertex-import key.json'), command)
    assert.equal(rewritten('-vertex-import=key.json -vertex-import-prefix team'), `${command} --prefix team`)
  })

  it('that is switched off is left out', () => {
    assert.equal(rewritten('-claude-login=false -no-browser=false'), '')
  })

  it('that has nothing here says what there is in its place, and never repeats a password', () => {
    for (const [line, words] of [
      ['--tui -config x.yaml', /logicaproxy accounts/],
      ['-standalone', /terminal/],
      ['-password hunter2', /remote-management\.secret-key/],
      ['-password=hunter2', /^-password: (?!.*hunter2)/],
    ] as const)
      assert.throws(() => rewritten(line), { name: 'Error', exitCode: 2, message: words })
  })

  it('that asks for what is always so is left out', () => {
    assert.equal(rewritten('-local-model -config x.yaml'), '--config x.yaml')
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
