// Says in words that the runtime is too old, before it stumbles over the first line of TypeScript. Runs on every Node since 4,
// so it is written in the language of then; preload it: `node -r ./scripts/require-node.cjs src/cli.ts`.
'use strict'

var needed = 24
var found = process.versions.node

if (Number(found.split('.')[0]) < needed) {
  process.stderr.write(
    'gatehouse: Node.js ' +
      needed +
      ' or newer is needed, and this is ' +
      found +
      ' (' +
      process.execPath +
      ').\n' +
      'Either run it through npm, which brings the right one where it exists (npm ci, then npm run gatehouse -- …, or bin/gatehouse …),\n' +
      'or install Node.js ' +
      needed +
      ' from https://nodejs.org/.\n',
  )
  process.exit(1)
}
