/** Routes of accounts, keys, config and router. */
import * as a from './accounts.ts'
import * as c from './common.ts'
import * as f from './config.ts'
import * as k from './keys.ts'
import { patch, post, put, type RouteSpec, read, remove } from './route.ts'
import * as r from './routing.ts'

export const manageRoutes = [
  // Accounts
  {
    ...read,
    id: 'accounts',
    path: '/v0/management/accounts',
    summary: 'Every account with state, quota and settings.',
    response: a.accounts,
  },
  { ...read, id: 'account', path: '/v0/management/accounts/{id}', summary: 'One account.', response: a.account },
  {
    ...patch,
    id: 'changeAccount',
    path: '/v0/management/accounts/{id}',
    summary: 'Changes its settings.',
    body: a.accountPatch,
    response: a.account,
  },
  {
    ...remove,
    id: 'removeAccount',
    path: '/v0/management/accounts/{id}',
    summary: 'Forgets a login, and tells the vendor.',
    query: a.removeQuery,
    response: c.done,
  },
  {
    ...post,
    id: 'resetAccount',
    path: '/v0/management/accounts/{id}/reset',
    summary: 'Ends its rests: it is tried again at once.',
    response: a.account,
  },
  {
    ...post,
    id: 'refreshAccount',
    path: '/v0/management/accounts/{id}/refresh',
    summary: 'Refreshes its token now.',
    response: a.account,
  },
  {
    ...read,
    id: 'logins',
    path: '/v0/management/logins',
    summary: 'Logins under way and just over.',
    response: a.logins,
  },
  {
    ...post,
    id: 'startLogin',
    path: '/v0/management/logins',
    summary: 'Begins a login: an address to open, or a code to type.',
    body: a.loginStart,
    response: a.login,
    status: 201,
  },
  { ...read, id: 'login', path: '/v0/management/logins/{id}', summary: 'How a login stands.', response: a.login },
  {
    ...post,
    id: 'pasteLogin',
    path: '/v0/management/logins/{id}/paste',
    summary: 'Brings the URL or code a login ended on.',
    body: a.loginPaste,
    response: a.login,
  },
  { ...remove, id: 'cancelLogin', path: '/v0/management/logins/{id}', summary: 'Gives a login up.', response: c.done },
  {
    ...read,
    id: 'candidates',
    path: '/v0/management/imports',
    summary: 'Logins of other programs on this machine that could be taken over.',
    response: a.candidates,
  },
  {
    ...post,
    id: 'takeCandidate',
    path: '/v0/management/imports',
    summary: 'Moves or borrows one of them.',
    body: a.importStart,
    response: a.imported,
    status: 201,
  },

  // Client keys
  {
    ...read,
    id: 'keys',
    path: '/v0/management/keys',
    summary: 'The keys of the clients with limits and use, never the keys themselves.',
    response: k.clientKeys,
  },
  {
    ...post,
    id: 'createKey',
    path: '/v0/management/keys',
    summary: 'Makes a key; it is shown this once.',
    body: k.keyCreate,
    response: k.keyShown,
    status: 201,
  },
  {
    ...patch,
    id: 'changeKey',
    path: '/v0/management/keys/{id}',
    summary: 'Changes name, models, limits, expiry.',
    body: k.keyPatch,
    response: k.clientKey,
  },
  {
    ...post,
    id: 'rotateKey',
    path: '/v0/management/keys/{id}/rotate',
    summary: 'A new key in place of the old one; it is shown this once.',
    body: k.keyRotate,
    response: k.keyShown,
  },
  { ...remove, id: 'revokeKey', path: '/v0/management/keys/{id}', summary: 'Ends a key for good.', response: c.done },

  // Config
  {
    ...read,
    id: 'config',
    path: '/v0/management/config',
    summary: 'The config file with secrets masked, its faults, and its values for a form.',
    response: f.configView,
  },
  {
    ...post,
    id: 'checkConfig',
    path: '/v0/management/config/check',
    summary: 'What a text would change, and what is wrong with it. Writes nothing.',
    body: f.configCheck,
    response: f.configResult,
  },
  {
    ...put,
    id: 'saveConfig',
    path: '/v0/management/config',
    summary:
      'Saves a text if the file still is the one it was made from (409 otherwise) and the text has no fault (422).',
    body: f.configPut,
    response: f.configResult,
  },
  {
    ...patch,
    id: 'patchConfig',
    path: '/v0/management/config',
    summary: 'Changes single keys and keeps comments; with `dryRun` only tells the diff.',
    body: f.configPatch,
    response: f.configResult,
  },
  {
    ...read,
    id: 'configSchema',
    path: '/v0/management/config/schema',
    summary: 'JSON Schema of the config.',
    response: c.json,
  },
  {
    ...read,
    id: 'snapshots',
    path: '/v0/management/config/snapshots',
    summary: 'The last 20 texts that were replaced.',
    response: f.snapshotList,
  },
  {
    ...read,
    id: 'snapshot',
    path: '/v0/management/config/snapshots/{id}',
    summary: 'One of them, with the diff to the file.',
    response: f.snapshotView,
  },
  {
    ...post,
    id: 'restoreSnapshot',
    path: '/v0/management/config/snapshots/{id}/restore',
    summary: 'Puts it back, secrets included.',
    body: f.snapshotRestore,
    response: f.configResult,
  },
  {
    ...post,
    id: 'reload',
    path: '/v0/management/reload',
    summary: 'Reads the config file again now.',
    response: c.done,
  },

  // Routing
  {
    ...post,
    id: 'explainRoute',
    path: '/v0/management/routing/explain',
    summary: 'What kind of work a prompt is, why, and which accounts would get it. Sends nothing.',
    body: r.routeExplain,
    response: r.routeExplained,
  },
  {
    ...post,
    id: 'routeFeedback',
    path: '/v0/management/routing/feedback',
    summary: '"This is wrong": the router learns the example at once.',
    body: r.routeFeedback,
    response: r.routeExample,
    status: 201,
  },
  {
    ...read,
    id: 'routeExamples',
    path: '/v0/management/routing/examples',
    summary: 'What it was taught.',
    response: r.routeExamples,
  },
  {
    ...remove,
    id: 'forgetExample',
    path: '/v0/management/routing/examples/{id}',
    summary: 'Forgets an example.',
    response: c.done,
  },
] as const satisfies readonly RouteSpec[]
