import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { plainer } from './unknown-command.ts'

function said(...words: string[]): string {
  let text = ''
  const program: Command = new Command('logicaproxy').exitOverride().configureOutput({
    outputError: (message) => {
      text += plainer(message, program)
    },
  })
  program
    .command('serve', { isDefault: true })
    .option('--port <n>')
    .action(() => {})
  const accounts = program.command('accounts').action(() => {})
  accounts.command('disable <account>').action(() => {})
  accounts.command('remove <account>').action(() => {})
  program.command('dashboard').action(() => {})
  assert.throws(() => program.parse(words, { from: 'user' }))
  return text
}

describe('a word that is no command', () => {
  it('is told as that, with the nearest command there is', () => {
    assert.equal(
      said('acounts'),
      'error: there is no command "logicaproxy acounts". Did you mean "logicaproxy accounts"?\n',
    )
    assert.equal(
      said('accounts', 'disabel'),
      'error: there is no command "logicaproxy accounts disabel". Did you mean "logicaproxy accounts disable"?\n',
    )
  })

  it('is told with all commands, where none is near', () => {
    assert.equal(
      said('frobnicate', 'all', 'of.it'),
      'error: there is no command "logicaproxy frobnicate". There are: serve, accounts, dashboard.\n',
    )
    assert.equal(
      said('accounts', 'zzz'),
      'error: there is no command "logicaproxy accounts zzz". There are: disable, remove.\n',
    )
  })

  it('leaves commander to say what else is wrong', () => {
    assert.match(said('dashboard', 'x'), /too many arguments for 'dashboard'/)
    assert.match(said('accounts', 'remove'), /missing required argument/)
    assert.match(said('--prot', '1'), /unknown option '--prot'/)
  })
})
