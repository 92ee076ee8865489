/** Work in a process of its own, so that neither its memory nor its processor time is counted for another. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

interface Question {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** A process that answers questions. */
export interface Child extends AsyncDisposable {
  readonly pid: number | undefined
  /** Has the child do what it offers under this name. @throws Error with the child's own words, or when it is gone. */
  ask<T>(name: string, argument?: unknown): Promise<T>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

/** Starts `bench/<name>.ts` with the options of our own Node, so that a profile shows it too; its errors come out on our stderr. */
export function startChild(name: string, env: NodeJS.ProcessEnv = {}): Child {
  const child = fork(join(import.meta.dirname, `${name}.ts`), {
    env: { ...process.env, ...env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  child.on('message', (message) => {
    const { id, result, error } = message as Answer
    const question = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) question?.resolve(result)
    else question?.reject(new Error(`${name}: ${error}`))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${name}: the process is gone`))
  })
  return {
    pid: child.pid,
    ask<T>(what: string, argument?: unknown) {
      const question = Promise.withResolvers<unknown>()
      asked += 1
      waiting.set(asked, question)
      child.send({ id: asked, name: what, argument } satisfies Question)
      return question.promise as Promise<T>
    },
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

const endLimitMs = 20_000

/** Without a parent to answer, a child has nothing left to do and ends by itself; one that hangs is killed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), endLimitMs)
  await exited
  clearTimeout(timer)
}

/** In the child: what it does when asked. `end` is called when the parent lets go, or dies. */
export function answerParent(
  // biome-ignore lint/suspicious/noExplicitAny: each answer knows what its question carries
  answers: Readonly<Record<string, (argument: any) => Promise<unknown> | unknown>>,
  end: () => Promise<void> = async () => undefined,
): void {
  process.on('message', async (message) => {
    const { id, name, argument } = message as Question
    try {
      process.send?.({ id, result: await answers[name]?.(argument) } satisfies Answer)
    } catch (error) {
      process.send?.({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      } satisfies Answer)
    }
  })
  process.once('disconnect', () => void end().finally(() => process.exit()))
}
