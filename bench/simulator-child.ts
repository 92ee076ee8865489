/** A simulated door system in a process of its own. */
import { answerParent } from './child-process.ts'
import { type RunningSimulator, type SimulatorFacts, type SimulatorRequest, startSimulator } from './door-systems.ts'

let simulator: RunningSimulator

answerParent(
  {
    async start(request: SimulatorRequest): Promise<SimulatorFacts> {
      simulator = await startSimulator(request)
      return simulator.facts
    },
    latency: (latency: SimulatorRequest['latency']) => simulator.setLatency(latency),
    plant: (count: number) => simulator.plant(count),
    levels: () => simulator.levels(),
  },
  () => simulator.close(),
)
