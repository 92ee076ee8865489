/** Keyed digests of templates, which somebody has to ask for at each target, saying on what legal basis: where they are made, and what refuses them. */
import { asMap, type ConnectorFacts, type Mismatch } from './checks.ts'

/** By target, the legal basis, of sections as they are written. */
export function templateDigestsOf({ targets }: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asMap(targets)).flatMap(([id, target]) => {
      const { legal_basis: basis } = asMap(asMap(asMap(target).guard).template_digests)
      return typeof basis === 'string' ? [[id, basis]] : []
    }),
  )
}

/** Asked for where a system hands out no templates, or with a basis that stands somewhere else: it is recorded as it is written here. */
export function templateDigestMismatches(
  raw: unknown,
  connectors: readonly (ConnectorFacts & { readonly digestsTemplates?: boolean })[],
): Mismatch[] {
  return Object.entries(asMap(asMap(raw).targets)).flatMap(([id, target]) => {
    const { connector, guard } = asMap(target)
    const asked = asMap(guard).template_digests
    if (asked === undefined || asked === null) return []
    const at = ['targets', id, 'guard', 'template_digests']
    const known = connectors.find((each) => each.id === connector)
    if (known !== undefined && known.digestsTemplates !== true)
      return [
        {
          path: at,
          expected: 'expected none: the systems of this connector show no templates, so there is nothing to digest',
        },
      ]
    const { legal_basis: basis } = asMap(asked)
    return typeof basis === 'string' && basis.includes('${')
      ? [
          {
            path: [...at, 'legal_basis'],
            expected: 'expected the text itself, and no reference: it is recorded as it is written here',
          },
        ]
      : []
  })
}
