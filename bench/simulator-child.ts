/** The simulated door system in a process of its own. */
import { type BiostarSimulator, startBiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import type { SimulatorOptions } from '../connectors/biostar2/simulator/options.ts'
import { answerParent } from './child-process.ts'

/** What others need to know of a running simulator. */
export interface SimulatorFacts {
  readonly url: string
  readonly ca: string
  readonly fingerprint256: string
  readonly username: string
  readonly password: string
}

let simulator: BiostarSimulator

answerParent(
  {
    async start(options: SimulatorOptions): Promise<SimulatorFacts> {
      simulator = await startBiostarSimulator(options)
      simulator.changeSettings({ use_alphanumeric: true })
      const { url, ca, fingerprint256, username, password } = simulator
      return { url, ca, fingerprint256, username, password }
    },
    latency: (latency: Parameters<BiostarSimulator['setLatency']>[0]) => simulator.setLatency(latency),
    users: () => simulator.state.userCount,
  },
  () => simulator.close(),
)
