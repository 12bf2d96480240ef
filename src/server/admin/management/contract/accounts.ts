/** Who pays: accounts, logging in, taking over logins of other programs. Tokens and keys are never in an answer. */
import * as z from 'zod'
import { count, duration, queryFlag, share, time } from './common.ts'
import { policy } from './status.ts'

/** One allowance that fills up and is emptied at a time. */
export const quotaWindow = z.object({
  id: z.string(),
  /** `5 hours`, `week`. */
  title: z.string(),
  /** Share used, 0 to 1, above 1 where it may be overdrawn. */
  used: share,
  resetsAt: time.optional(),
  lengthMs: duration.optional(),
  /** Models it is about, as wildcards; absent: all. */
  models: z.array(z.string()).optional(),
  /** Whether it is the one that binds. */
  binding: z.boolean(),
  exhausted: z.boolean(),
})

/** Somebody who rests: the account, or one of its models. */
export const rest = z.object({
  model: z.string().optional(),
  /** The endpoint rests, so every account of it does. */
  endpoint: z.boolean().optional(),
  until: time,
  /** When one request may test it. */
  nextProbe: time,
  kind: z.string(),
  because: z.string(),
})

export const account = z.object({
  id: z.string(),
  provider: z.string(),
  providerTitle: z.string(),
  label: z.string(),
  email: z.string().optional(),
  plan: z.string().optional(),
  /** `login`: somebody logged in; `key`: a key of the config, changed in the config alone. */
  kind: z.enum(['login', 'key']),
  state: z.enum(['ready', 'resting', 'needs-login', 'disabled', 'busy', 'unusable']),
  /** The state in words, with until when and what to do. */
  words: z.string(),
  quota: z.object({ at: time, windows: z.array(quotaWindow) }).optional(),
  rests: z.array(rest),
  inFlight: count,
  lastUsedAt: time.optional(),
  /** Of this process. */
  requests: count,
  errors: count,
  /** When the access token ends; it is refreshed before. */
  expiresAt: time.optional(),
  /** How it came here. */
  origin: z
    .object({ how: z.enum(['login', 'moved', 'borrowed', 'config']), from: z.string().optional(), at: time.optional() })
    .optional(),
  policy: policy.optional(),
  models: z.array(z.string()),
  modelsAt: time.optional(),
  settings: z.object({
    disabled: z.boolean(),
    priority: z.int(),
    weight: z.number(),
    prefix: z.string().optional(),
    /** Without name and password; `hasProxy` tells that there is one. */
    proxy: z.string().optional(),
    /** Names alone: values are often secrets. */
    headerNames: z.array(z.string()),
    excludedModels: z.array(z.string()),
    concurrency: count.optional(),
    neverRests: z.boolean(),
    note: z.string().optional(),
  }),
  /** What may be done with it. */
  can: z.object({
    change: z.boolean(),
    remove: z.boolean(),
    refresh: z.boolean(),
    reset: z.boolean(),
    login: z.boolean(),
  }),
})
export const accounts = z.object({ accounts: z.array(account) })

/** Only what is named changes; `null` takes a setting away. */
export const accountPatch = z.strictObject({
  label: z.string().trim().min(1).max(200).optional(),
  disabled: z.boolean().optional(),
  priority: z.int().min(-1000).max(1000).optional(),
  weight: z.number().min(0).max(1000).optional(),
  prefix: z
    .string()
    .regex(/^[^\s/]{1,64}$/, 'one word without a slash')
    .nullable()
    .optional(),
  /** A proxy URL or `direct`; its password is not shown again. */
  proxyUrl: z.string().max(2000).nullable().optional(),
  excludedModels: z.array(z.string().min(1).max(200)).max(1000).optional(),
  concurrency: z.int().min(1).max(10_000).nullable().optional(),
  neverRests: z.boolean().optional(),
  note: z.string().max(2000).nullable().optional(),
})
export const removeQuery = z.object({
  /** Tells the vendor, too, where it can be told. Default: true. */
  revoke: queryFlag.default(true),
})

/** How a person confirms a login. */
export const loginWay = z.enum(['browser', 'paste', 'device'])
export const loginStart = z.strictObject({
  provider: z.string().min(1).max(64),
  way: loginWay.optional(),
  label: z.string().trim().min(1).max(200).optional(),
  /** Google Cloud project, for Code Assist. */
  project: z.string().max(200).optional(),
  proxyUrl: z.string().max(2000).optional(),
  /** Has to be true for a provider whose policy is `restricted` or `discontinued`. */
  acknowledge: z.boolean().optional(),
  /** Port of the way back in place of the vendor's. */
  port: z.int().min(1).max(65_535).optional(),
})
/** One login under way or just over (kept 10 minutes). */
export const login = z.object({
  id: z.string(),
  provider: z.string(),
  title: z.string(),
  way: loginWay,
  is: z.enum(['waiting', 'working', 'done', 'failed']),
  /** For the person: what to do, what is done, what went wrong. */
  words: z.string(),
  /** To open in a browser. */
  url: z.string().optional(),
  /** To type on another device. */
  userCode: z.string().optional(),
  verificationUrl: z.string().optional(),
  /** OAuth's state, as it stands in the URL. */
  state: z.string().optional(),
  /** Whether something can be pasted. */
  pastes: z.boolean(),
  startedAt: time,
  expiresAt: time,
  /** When done: the account it made or renewed. */
  accountId: z.string().optional(),
})
export const logins = z.object({ logins: z.array(login) })
/** The URL the browser ended on, the code, or `code#state`. */
export const loginPaste = z.strictObject({ text: z.string().min(1).max(8192) })

/** A login another program keeps on this machine. */
export const candidate = z.object({
  /** To name it in `POST imports`: a digest of where it was found. */
  id: z.string(),
  provider: z.string(),
  title: z.string(),
  label: z.string(),
  email: z.string().optional(),
  plan: z.string().optional(),
  from: z.string(),
  expiresAt: time.optional(),
  canRefresh: z.boolean(),
  warnings: z.array(z.string()),
  /** What moving and borrowing it would mean, in words. */
  move: z.string(),
  borrow: z.string(),
  policy,
})
export const candidates = z.object({
  candidates: z.array(candidate),
  /** What was there and could not be taken. */
  notes: z.array(z.object({ from: z.string(), words: z.string() })),
})
export const importStart = z.strictObject({
  id: z.string().min(1).max(128),
  how: z.enum(['moved', 'borrowed']),
  acknowledge: z.boolean().optional(),
})
export const imported = z.object({ accountId: z.string(), words: z.string(), warnings: z.array(z.string()) })

export type QuotaWindowView = z.infer<typeof quotaWindow>
export type RestView = z.infer<typeof rest>
export type AccountView = z.infer<typeof account>
export type AccountPatch = z.infer<typeof accountPatch>
export type LoginWayView = z.infer<typeof loginWay>
export type LoginStart = z.infer<typeof loginStart>
export type LoginView = z.infer<typeof login>
export type CandidateView = z.infer<typeof candidate>
export type Candidates = z.infer<typeof candidates>
export type ImportStart = z.infer<typeof importStart>
export type Imported = z.infer<typeof imported>
