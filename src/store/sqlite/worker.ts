/** The thread of a SQLite store: a slow disk holds up this one, and never a request. */
import { parentPort, workerData } from 'node:worker_threads'
import type { OperationName } from '../operations.ts'
import { openEngine } from './engine.ts'
import { type Answer, faultOf, type Question, type WorkerOptions } from './messages.ts'

const port = parentPort!
const { directory, reader, pollMs } = workerData as WorkerOptions
const say = (answer: Answer) => port.postMessage(answer)

try {
  const engine = openEngine({ directory, reader })
  const run = engine.run as (name: OperationName, ...args: unknown[]) => unknown
  const poll = reader
    ? undefined
    : setInterval(() => {
        try {
          const topics = engine.poll()
          if (topics.length > 0) say({ is: 'changed', topics })
        } catch {
          // What is wrong with the file, the next question hears.
        }
      }, pollMs)
  port.on('message', (question: Question) => {
    const { id } = question
    try {
      if ('close' in question) {
        clearInterval(poll)
        engine.close()
        say({ is: 'value', id, value: undefined })
        return
      }
      say({ is: 'value', id, value: run(question.name, ...question.args) })
    } catch (error) {
      say({ is: 'fault', id, fault: faultOf(error) })
    }
  })
  say({ is: 'open' })
} catch (error) {
  say({ is: 'failed', fault: faultOf(error) })
}
