/** A simulated door system in a process of its own. */
import { answerParent } from './child-process.ts'
import { type RunningSimulator, type SimulatorFacts, type SimulatorRequest, startSimulator } from './door-systems.ts'
import type { Made, Passages } from './passages.ts'

let simulator: RunningSimulator
let passages: Passages | null = null

answerParent(
  {
    async start(request: SimulatorRequest): Promise<SimulatorFacts> {
      simulator = await startSimulator(request)
      return simulator.facts
    },
    latency: (latency: SimulatorRequest['latency']) => simulator.setLatency(latency),
    plant: (count: number) => simulator.plant(count),
    levels: () => simulator.levels(),
    make: async (count: number): Promise<Made> => (await here()).make(count),
    makeSteadily: async ({ count, perSecond }: { readonly count: number; readonly perSecond: number }) =>
      (await here()).makeSteadily(count, perSecond),
  },
  () => simulator.close(),
)

/** Of whoever has a card by the time that this is asked first. */
async function here(): Promise<Passages> {
  passages ??= await simulator.passages()
  if (passages === null) throw new Error('nobody passes doors of this system')
  return passages
}
