/** The config file and what the router was taught. */
import { performance } from 'node:perf_hooks'
import { configJsonSchema } from '../../../../config/json-schema.ts'
import type { RouteExplained } from '../contract.ts'
import { notFound, unavailable } from '../errors.ts'
import { strip } from '../views/account-view.ts'
import { explainModel } from '../views/why.ts'
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
  | 'routeFeedback'
  | 'routeExamples'
  | 'forgetExample'

export function configHandlers({ context, audit, desk }: Tools): Handlers<Ids> {
  function router() {
    if (context.router === undefined) throw unavailable('This gateway has no router that could be taught.')
    return context.router
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
        `The config was saved: ${result.diff.added} lines added, ${result.diff.removed} removed.`,
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

    explainRoute({ body }) {
      const { prompt, system, model, protocol } = body
      const from = performance.now()
      const auto = model === 'auto'
      const decision = auto ? context.router?.explain(strip({ prompt, system })) : undefined
      const tookMs = performance.now() - from
      const routes = context.gateway.snapshot.config['ai-router']
      const names = !auto
        ? [model]
        : [
            ...(decision !== undefined && Object.hasOwn(routes.routes, decision.category)
              ? routes.routes[decision.category]!
              : []),
            ...(routes['default-model'] === '' ? [] : [routes['default-model']]),
          ]
      const answers = [...new Set(names)].map((name) => explainModel(context, { model: name, protocol }))
      const targets = answers.flatMap((answer) => answer.targets)
      const first = answers.find(({ targets: [target] }) => (target?.standings.length ?? 0) > 0)
      const why = decision === undefined ? '' : `${decision.reason}. `
      return strip({
        decision,
        words: first === undefined ? `${why}Nothing could answer.` : `${why}${first.model} answers. ${first.words}`,
        tookMs,
        targets,
        failure:
          names.length === 0
            ? 'There is no route for this category and no default model: set ai-router.routes or ai-router.default-model.'
            : first === undefined
              ? answers[0]!.words
              : undefined,
      } satisfies RouteExplained)
    },
    async routeFeedback({ body, actor, caller }) {
      const example = await router().teach(body)
      // What people write to a model stays out of the audit.
      await audit.done(
        whoOf(actor, caller),
        'route.teach',
        example.id,
        `The router was taught an example of "${body.category}".`,
      )
      return example
    },
    routeExamples: () => ({
      examples: [...(context.router?.examples() ?? [])],
      categories: [...(context.router?.categories() ?? [])],
    }),
    async forgetExample({ params, actor, caller }) {
      if (!(await router().forget(params['id'] ?? ''))) throw notFound('There is no such example.')
      await audit.done(whoOf(actor, caller), 'route.forget', params['id'] ?? '', 'The router forgot an example.')
      return { ok: true }
    },
  }
}
