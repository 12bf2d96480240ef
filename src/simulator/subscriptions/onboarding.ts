/** How an account comes to Code Assist: `loadCodeAssist`, `onboardUser`, and the operation it starts (domain.md 1.3). */
import { json, type Reply } from '../exchange.ts'
import { random } from '../oauth/book.ts'
import { digitsOf, type Person } from '../persons.ts'
import type { Json } from '../types.ts'
import { obj, str } from '../vendors/util.ts'
import type { Operation } from '../world.ts'
import { googleError } from './refusals.ts'
import { type Call, standing } from './shell.ts'

const NAMES: Record<string, string> = {
  'free-tier': 'Gemini Code Assist for individuals',
  'standard-tier': 'Gemini Code Assist Standard',
  'legacy-tier': 'Gemini Code Assist (legacy)',
}

function badRequest(message: string): Reply {
  return json(400, googleError(400, 'INVALID_ARGUMENT', message))
}

/** What is wrong with the client's description of itself. */
function metadataFault(metadata: Json): string | undefined {
  const value = (name: string, other: string) => str(metadata[name] ?? metadata[other])
  // Snake-case names come from Antigravity's onboarding, which leaves the platform out.
  const platform = value('platform', 'platform') || 'PLATFORM_UNSPECIFIED'
  if (platform !== 'PLATFORM_UNSPECIFIED')
    return `Invalid value at 'metadata.platform' (type.googleapis.com/google.internal.cloud.code.v1internal.ClientMetadata.Platform), "${platform}"`
  const ide = value('ideType', 'ide_type') || 'IDE_UNSPECIFIED'
  if (!['IDE_UNSPECIFIED', 'ANTIGRAVITY', 'GEMINI_CLI', 'VSCODE', 'INTELLIJ'].includes(ide))
    return `Invalid value at 'metadata.ide_type' (type.googleapis.com/google.internal.cloud.code.v1internal.ClientMetadata.IdeType), "${ide}"`
  const plugin = value('pluginType', 'plugin_type') || 'GEMINI'
  return plugin === 'GEMINI'
    ? undefined
    : `Invalid value at 'metadata.plugin_type' (type.googleapis.com/google.internal.cloud.code.v1internal.ClientMetadata.PluginType), "${plugin}"`
}

function tier(id: string, isDefault: boolean, ownProject: boolean): Json {
  return {
    id,
    name: NAMES[id],
    ...(isDefault ? { isDefault } : {}),
    ...(ownProject ? { userDefinedCloudaicompanionProject: true } : {}),
  }
}

/** Why tiers are closed to this account, as `loadCodeAssist` tells it. */
function ineligible(call: Call): Json[] {
  const { world, provider, person, x } = call
  switch (world.accounts.refusal(provider, person.name)) {
    case 'validation-required':
      return [
        {
          tierId: 'free-tier',
          tierName: NAMES['free-tier'],
          reasonCode: 'VALIDATION_REQUIRED',
          reasonMessage: 'Verify your account to continue.',
          validationUrl: `${x.base}/hosts/accounts.google.com/signin/continue?sim=${person.name}`,
        },
      ]
    case 'subscription-required':
      return [
        {
          tierId: 'free-tier',
          tierName: NAMES['free-tier'],
          reasonCode: 'UNSUPPORTED_CLIENT',
          reasonMessage: 'This client is no longer supported for Gemini Code Assist for individuals.',
        },
      ]
    default:
      return []
  }
}

/** Antigravity is free for everybody; Code Assist goes by the licence. */
function tierOf(call: Call): 'free-tier' | 'standard-tier' {
  return call.provider === 'antigravity' ? 'free-tier' : call.person.google.tier
}

/** `:loadCodeAssist`. */
export function loadCodeAssist(call: Call, body: Json): Reply {
  const { google } = call.person
  const fault = metadataFault(obj(body['metadata']) ?? {})
  if (fault) return badRequest(fault)
  const refused = standing(call, '')
  const closed = ineligible(call)
  if (refused?.status === 403 && closed.length === 0) return json(403, refused.body)
  const onboarded = google.project !== undefined && closed.length === 0
  const mine = tierOf(call)
  const free = mine === 'free-tier' && closed.length === 0
  return json(200, {
    ...(onboarded ? { currentTier: tier(mine, false, mine === 'standard-tier') } : {}),
    allowedTiers: [
      ...(free ? [tier('free-tier', true, false)] : []),
      tier('standard-tier', !free, true),
      tier('legacy-tier', false, true),
    ],
    ...(closed.length ? { ineligibleTiers: closed } : {}),
    ...(onboarded ? { cloudaicompanionProject: google.project } : {}),
    gcpManaged: false,
  })
}

/** `:onboardUser`: a long-running operation; asking again for the same is as good as polling it. */
export function onboardUser(call: Call, body: Json): Reply {
  const { person, world } = call
  const fault = metadataFault(obj(body['metadata']) ?? {})
  if (fault) return badRequest(fault)
  const refused = standing(call, '')
  if (refused?.status === 403) return json(403, refused.body)
  const id = str(body['tierId'] ?? body['tier_id'])
  if (!(id in NAMES)) return badRequest(`Invalid tier_id: '${id}'.`)
  const given = body['cloudaicompanionProject'] ?? body['cloudaicompanion_project']
  const problem = projectProblem(call, id, given)
  if (problem) return problem
  const project = id === 'free-tier' ? (person.google.project ?? madeFor(person)) : String(given)
  const all = world.operations
  const running = [...all].find(([, o]) => o.person === person.name && o.project === project)
  if (running) return progress(call, running[0], running[1])
  const name = `operations/cloudaicompanion.${random(9)}`
  const operation = { person: person.name, project, left: 1 }
  all.set(name, operation)
  return json(200, { name, done: false })
}

function projectProblem(call: Call, tierId: string, given: unknown): Reply | undefined {
  if (tierId === 'free-tier') {
    if (given !== undefined && given !== '')
      return json(
        400,
        googleError(400, 'FAILED_PRECONDITION', 'Precondition check failed: the free tier takes no project.'),
      )
    return tierOf(call) === 'free-tier'
      ? undefined
      : json(403, googleError(403, 'PERMISSION_DENIED', 'This account is not eligible for the free tier.'))
  }
  if (typeof given !== 'string' || given === '') return badRequest('cloudaicompanionProject is required for this tier.')
  if (/^\d+$/.test(given)) return badRequest(`Invalid project '${given}': a project id is required, not a number.`)
  const { google } = call.person
  const own = [google.ownProject, google.project]
  return own.includes(given)
    ? undefined
    : json(403, googleError(403, 'PERMISSION_DENIED', `Permission denied on resource project ${given}.`))
}

/** The project Google makes for a free account. */
function madeFor(person: Person): string {
  return `sim-${person.name}-${digitsOf(5, person.name, 'project')}`
}

/** `GET /v1internal/operations/…`. */
export function operation(call: Call): { reply: Reply } {
  const name = call.x.path.slice('/v1internal/'.length)
  const found = call.world.operations.get(name)
  if (found?.person !== call.person.name)
    return { reply: json(404, googleError(404, 'NOT_FOUND', `Operation ${name} not found.`)) }
  return { reply: progress(call, name, found) }
}

function progress(call: Call, name: string, o: Operation): Reply {
  if (o.left > 0) {
    o.left--
    return json(200, { name, done: false })
  }
  call.person.google.project = o.project
  return json(200, {
    name,
    done: true,
    response: {
      '@type': 'type.googleapis.com/google.internal.cloud.code.v1internal.OnboardUserResponse',
      cloudaicompanionProject: {
        id: o.project,
        name: `projects/${o.project}`,
        projectNumber: digitsOf(12, o.project),
      },
    },
  })
}
