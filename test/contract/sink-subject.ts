/** What the contract of sinks needs to know of one: how to start a receiver, how to spoil it, and what it has for good. */
import type { ConnectorWith } from './connector-with.ts'

/**
 * What a receiver can be made to do from now on. `down`: nobody is there. `hangs`: takes connections and answers nothing. `refuses-us`: does
 * not know who we are any more. `breaks-off`: cuts the next batch in the middle, once. `throttles`: asks for 7 seconds. `refuses-one`: never takes
 * an event whose subject is `refused`. `gone`: says that it is there no more.
 */
export type SinkProvocation = 'down' | 'hangs' | 'refuses-us' | 'breaks-off' | 'throttles' | 'refuses-one' | 'gone'

export interface SinkReceiver extends AsyncDisposable {
  readonly settings: object
  /** What must never be heard of: passwords, keys. */
  readonly secrets: readonly string[]
  provoke(provocation: SinkProvocation): Promise<void>
  /** As if nothing had been. */
  mend(): Promise<void>
  /** Ids of the events that it has, in its order, doubles and all; waits until there are so many. */
  received(count: number): Promise<readonly string[]>
}

export interface SinkSubject {
  readonly name: string
  readonly connector: ConnectorWith<'sink'>
  start(): Promise<SinkReceiver>
  /** What it can't be provoked to, and why. */
  readonly impossible: Readonly<Partial<Record<SinkProvocation, string>>>
  /** The receiver itself never keeps an event twice, however often it is delivered. */
  readonly once?: boolean
}
