/** The config file and what the router was taught. */

import { configJsonSchema } from '../../../../config/json-schema.ts'
import type { ProtocolId } from '../../../../hub/protocol-id.ts'
import { ExampleError, type Examples, explainRoute, requestOf } from '../../../../routing/auto/index.ts'
import { linesWords } from '../audit.ts'
import type { RouteExplain, RouteExplained } from '../contract/routing.ts'
import { invalid, notFound, unavailable } from '../errors.ts'
import { strip } from '../views/account-view.ts'
import { toldView } from '../views/told-view.ts'
import { type Handlers, type Tools, whoOf } from './handler.ts'

type Ids =
  | 'config'
  | 'checkConfig'
  | 'saveConfig'
  | 'patchConfig'
  | 'configSchema'
  | 'snapshots'
  | 'snapshot'
  | 'restoreSnapshot'
  | 'reload'
  | 'explainRoute'
  | 'route'
  | 'routeFeedback'
  | 'routeExamples'
  | 'forgetExample'

export function configHandlers({ context, audit, desk }: Tools): Handlers<Ids> {
  function examples(): Examples {
    if (context.examples === undefined) throw unavailable('The router of this gateway cannot be taught.')
    return context.examples
  }

  /** Where a prompt would go, and why. */
  function explained(body: RouteExplain): RouteExplained {
    const { prompt, system, model, protocol } = body
    const { snapshot, pool } = context.gateway
    const { registry, config, router } = snapshot
    // A system prompt is asked as a chat's: the road reads a request of any dialect the same way.
    const request = requestOf(
      system === undefined
        ? { prompt }
        : {
            messages: [
              { role: 'system', content: system },
              { role: 'user', content: prompt },
            ],
          },
    )
    if (!snapshot.protocols.has(protocol as ProtocolId)) throw invalid('There is no such dialect.', 'protocol')
    const {
      tookUs,
      sticky: _,
      targets,
      decision,
      ...told
    } = explainRoute({
      registry,
      config,
      ...router,
      pool,
      protocol: protocol as ProtocolId,
      body: request,
      model,
    })
    const speaks = new Map(snapshot.accounts.map((account) => [account.id, account.speaks]))
    return {
      ...told,
      ...(decision && {
        decision: { ...decision, confidence: decision.confidence ?? decision.scores[decision.category] ?? 0 },
      }),
      tookMs: tookUs / 1_000,
      targets: targets.map(({ model: name, standings }) => ({
        model: name,
        standings: standings.map((standing) => ({
          ...strip(standing),
          because: context.scrub(standing.because),
          ...(standing.parts && { parts: toldView(standing.parts, context.scrub) }),
          translated: speaks.get(standing.accountId)?.includes(protocol as ProtocolId) === false,
        })),
      })),
    }
  }

  const by = (kind: string, from: string) => `${kind} from ${from}`

  return {
    config: () => desk.view(),
    checkConfig: ({ body }) => desk.check(body.text),
    async saveConfig({ body, actor, caller }) {
      const who = whoOf(actor, caller)
      const result = await desk.save(body.text, body.expected, by(who.kind, who.from), body.note)
      await audit.done(
        who,
        'config.save',
        context.configFile ?? 'config',
        `The config was saved: ${linesWords(result.diff)}.`,
        { after: result.diff.hunks },
      )
      return result
    },
    async patchConfig({ body, actor, caller }) {
      const who = whoOf(actor, caller)
      const result = await desk.patch(
        body.changes,
        body.expected,
        by(who.kind, who.from),
        strip({ dryRun: body.dryRun, note: body.note }),
      )
      if (result.saved) {
        const keys = body.changes.map(({ path }) => path.join('.'))
        await audit.done(
          who,
          'config.change',
          keys.join(', ').slice(0, 300),
          `The config was changed: ${keys.join(', ').slice(0, 300)}.`,
          { after: result.diff.hunks },
        )
      }
      return result
    },
    configSchema: () => configJsonSchema(),
    snapshots: async () => ({ snapshots: await desk.snapshots() }),
    snapshot: ({ params }) => desk.snapshot(params['id'] ?? ''),
    async restoreSnapshot({ params, body, actor, caller }) {
      const who = whoOf(actor, caller)
      const result = await desk.restore(params['id'] ?? '', body.expected, by(who.kind, who.from))
      await audit.done(who, 'config.restore', params['id'] ?? '', 'An earlier text of the config was put back.', {
        after: result.diff.hunks,
      })
      return result
    },
    async reload({ actor, caller }) {
      const who = whoOf(actor, caller)
      try {
        await context.reload()
      } catch (error) {
        await audit.failed(
          who,
          'config.reload',
          context.configFile ?? 'config',
          'The config was read again and has faults; the one before stays in force.',
        )
        throw error
      }
      await audit.done(who, 'config.reload', context.configFile ?? 'config', 'The config was read again.')
      return { ok: true, message: 'The config was read again and is in force.' }
    },

    explainRoute: ({ body }) => explained(body),
    route: ({ body }) => explained(body),
    async routeFeedback({ body, actor, caller }) {
      const { categories } = context.gateway.snapshot.router
      if (!categories.includes(body.category))
        throw invalid(`There is no category "${body.category}". There are: ${categories.join(', ')}.`, 'category')
      const [example] = await taught(examples().add([body]))
      // What people write to a model stays out of the audit.
      await audit.done(
        whoOf(actor, caller),
        'route.teach',
        example!.id,
        `The router was taught an example of "${body.category}".`,
      )
      return { ...example! }
    },
    routeExamples: () => ({
      examples: (context.examples?.list() ?? []).map((example) => ({ ...example })).reverse(),
      categories: [...context.gateway.snapshot.router.categories],
    }),
    async forgetExample({ params, actor, caller }) {
      const id = params['id'] ?? ''
      if ((await examples().remove([id])) === 0) throw notFound('There is no such example.')
      await audit.done(whoOf(actor, caller), 'route.forget', id, 'The router forgot an example.')
      return { ok: true }
    },
  }
}

/** @throws {ManagementError} `invalid` for a text without words, or when there are too many examples. */
async function taught<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof ExampleError ? invalid(error.message, 'text') : error
  }
}
