/** In what Elasticsearch and OpenSearch differ, as far as a client that writes events notices. */

/** Major 8 and 9 of Elasticsearch, 3 of OpenSearch. */
export type Product = 'elasticsearch-8' | 'elasticsearch-9' | 'opensearch'

export interface Flavour {
  /** Elasticsearch marks every answer with a header of its own; its official client takes no answer without it. */
  readonly isElastic: boolean
  readonly major: number
  /** What `GET /` says. */
  readonly info: object
  readonly headers: Readonly<Record<string, string>>
  /** How a document that does not fit its mapping is refused. */
  readonly parsingError: string
  readonly rejection: string
  /** Field types that the other does not have. */
  readonly ownFieldTypes: readonly string[]
  readonly ownTemplateFields: readonly string[]
  readonly ownTemplateSections: readonly string[]
  readonly ownSettings: RegExp
  /** Patterns of the data streams that exist without being asked for, with their priority. */
  readonly builtIn: readonly { readonly name: string; readonly pattern: string; readonly priority: number }[]
}

const node = { name: 'node-1', cluster_name: 'events', cluster_uuid: 'wVJQ5i7hTyq2WsDrg0ZJ1A' }
const build = {
  build_type: 'deb',
  build_hash: 'f56a2e4bd8c2',
  build_date: '2026-03-02T10:00:00.000000000Z',
  build_snapshot: false,
}

function elastic(major: 8 | 9, number: string, lucene: string, wire: string, index: string): Flavour {
  return {
    ...{ major, isElastic: true, headers: { 'x-elastic-product': 'Elasticsearch' } },
    info: {
      ...node,
      version: {
        ...{ number, build_flavor: 'default', ...build, lucene_version: lucene },
        ...{ minimum_wire_compatibility_version: wire, minimum_index_compatibility_version: index },
      },
      tagline: 'You Know, for Search',
    },
    ...{ parsingError: 'document_parsing_exception', rejection: 'es_rejected_execution_exception' },
    ownFieldTypes: ['flattened'],
    ownTemplateFields: ['deprecated', 'ignore_missing_component_templates'],
    ownTemplateSections: ['lifecycle', 'data_stream_options'],
    ownSettings: /^(lifecycle\.(name|prefer_ilm)|mode)$/,
    builtIn: ['logs', 'metrics', 'traces', 'synthetics'].map((name) => ({
      name,
      pattern: `${name}-*-*`,
      priority: 100,
    })),
  }
}

export const flavours: Readonly<Record<Product, Flavour>> = {
  'elasticsearch-8': elastic(8, '8.19.4', '9.12.2', '7.17.0', '7.0.0'),
  'elasticsearch-9': elastic(9, '9.5.1', '10.3.2', '8.19.0', '8.0.0'),
  opensearch: {
    ...{ major: 3, isElastic: false, headers: {} },
    info: {
      ...node,
      version: {
        ...{ distribution: 'opensearch', number: '3.1.0', ...build, lucene_version: '10.2.1' },
        ...{ minimum_wire_compatibility_version: '2.19.0', minimum_index_compatibility_version: '2.0.0' },
      },
      tagline: 'The OpenSearch Project: https://opensearch.org/',
    },
    ...{ parsingError: 'mapper_parsing_exception', rejection: 'rejected_execution_exception' },
    ownFieldTypes: ['flat_object'],
    ownTemplateFields: [],
    ownTemplateSections: [],
    ownSettings: /^plugins\.index_state_management\.[a-z_.]+$/,
    builtIn: [],
  },
}
