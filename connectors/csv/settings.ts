/** What an operator may say about one watched folder of CSV files; every default is the safe one. */
import { z } from 'zod'

const globPattern = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\\]+$/, 'a pattern matches file names, so it has no slashes')

const columns = z
  .strictObject({
    required: z
      .array(z.string().min(1))
      .default([])
      .meta({
        title: 'Required columns',
        description: 'A file whose header lacks one of these is refused as a whole.',
        examples: [['worker_id', 'family_name', 'end_date']],
      }),
    aliases: z
      .record(z.string().min(1), z.array(z.string().min(1)).min(1))
      .default({})
      .meta({
        title: 'Other names of columns',
        description:
          'For each column, the other names it may carry in a file. Upper and lower case, and blanks around the name, make no difference.',
        examples: [{ worker_id: ['WorkerID', 'Personalnummer'] }],
      }),
  })
  .prefault({})

const limits = z
  .strictObject({
    max_row_bytes: z
      .int()
      .min(1024)
      .max(1024 * 1024)
      .default(64 * 1024)
      .meta({
        title: 'Longest row',
        description: 'In bytes of UTF-8. A longer row is reported and kept out.',
        examples: [65_536],
      }),
    max_columns: z
      .int()
      .min(1)
      .max(5000)
      .default(500)
      .meta({ title: 'Most columns', description: 'A file with a wider header is refused.', examples: [500] }),
    max_file_bytes: z
      .int()
      .min(1)
      .default(4 * 1024 ** 3)
      .meta({
        title: 'Largest file',
        description: 'In bytes. A larger file is refused unread.',
        examples: [4_294_967_296],
      }),
  })
  .prefault({})

const photos = z
  .strictObject({
    column: z
      .string()
      .min(1)
      .meta({
        title: 'Column',
        description:
          'Its cells hold the name of a file, without a path; an empty one says that there is no picture. The mapping finds there which picture it is.',
        examples: ['photo'],
      }),
    folder: z
      .string()
      .min(1)
      .meta({
        title: 'Folder of the pictures',
        description:
          'As every process sees it that reads this source or writes accounts. JPEG or PNG, 1 MiB at most; symbolic links are never read.',
        takes: 'path',
        examples: ['/srv/photos'],
      }),
  })
  .optional()

export const settings = z.strictObject({
  folder: z
    .string()
    .min(1)
    .meta({
      title: 'Folder',
      description: 'The folder that files are dropped into, as this process sees it. Sub-folders are not looked at.',
      takes: 'path',
      examples: ['/srv/drop/workers'],
    }),
  pattern: globPattern.default('*.csv').meta({
    title: 'File names',
    description: 'Which names are taken: * stands for any text, ? for one character; case makes no difference.',
    examples: ['workers-*.csv'],
  }),
  mode: z.enum(['full', 'delta']).meta({
    title: 'What a file holds',
    description:
      'full: everybody, so that who is missing may have left. delta: only what changed, so that silence says nothing. Ask the sender; a delta read as full locks people out.',
    examples: ['full'],
  }),
  delta_pattern: globPattern.optional().meta({
    title: 'File names of deltas',
    description: 'Names that match are deltas whatever the mode says, for a folder that carries both.',
    examples: ['workers-delta-*.csv'],
  }),
  delimiter: z
    .enum(['auto', ',', ';', '\t', '|'])
    .default('auto')
    .meta({
      title: 'Delimiter',
      description:
        'The character between cells; auto finds it in the first 64 KiB, and a first line such as sep=; decides.',
      examples: [';'],
    }),
  encoding: z
    .enum(['auto', 'utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-15'])
    .default('auto')
    .meta({
      title: 'Encoding',
      description:
        'auto goes by the byte order mark, else takes UTF-8 when the whole file is valid UTF-8, else Windows-1252.',
      examples: ['utf-8'],
    }),
  quote: z
    .enum(['"', "'", 'none'])
    .default('"')
    .meta({
      title: 'Quote',
      description: 'The character around cells that hold a delimiter or a line break; none takes quotes as they stand.',
      examples: ['"'],
    }),
  escape: z
    .enum(['doubled', 'backslash'])
    .default('doubled')
    .meta({
      title: 'Quotes inside quotes',
      description: 'How a quote is written inside a quoted cell: doubled ("") or after a backslash (\\").',
      examples: ['doubled'],
    }),
  settle_ms: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(2000)
    .meta({
      title: 'Time to stand still',
      description:
        'In ms. A file counts as complete when two looks at least this far apart find the same size and time. Not used with a done marker.',
      examples: [2000],
    }),
  done_marker: z
    .enum(['.done', '.sha256'])
    .optional()
    .meta({
      title: 'Done marker',
      description:
        'The ending of a second file that the sender writes last (workers.csv.done or workers.done). A SHA-256 in it is compared with the file; a .sha256 file must hold one.',
      examples: ['.done'],
    }),
  control_total: z
    .enum(['none', 'trailer', 'required_trailer'])
    .default('none')
    .meta({
      title: 'Control total',
      description:
        'Whether the last line may or must be T, the number of rows and, if wanted, the SHA-256 of all bytes before that line. A wrong one refuses the whole file.',
      examples: ['required_trailer'],
    }),
  columns: columns.meta({ title: 'Columns', description: 'How the header is understood.' }),
  photos: photos.meta({
    title: 'Pictures',
    description: 'Where pictures of people lie. Left out: there are none.',
    examples: [{ column: 'photo', folder: '/srv/photos' }],
  }),
  limits: limits.meta({ title: 'Limits', description: 'What is too much.' }),
  after: z
    .enum(['keep', 'move', 'delete'])
    .default('delete')
    .meta({
      title: 'After the file was taken',
      description:
        'delete: removed once taken, and renamed to *.refused when refused. move: into done/ or refused/ beside it, in plain text. keep: left untouched.',
      examples: ['delete'],
    }),
  poll_ms: z
    .int()
    .min(50)
    .max(3_600_000)
    .default(1000)
    .meta({
      title: 'Time between looks',
      description: 'In ms. The folder is looked at this often, besides being watched where the file system can.',
      examples: [1000],
    }),
})

export type CsvSettings = z.output<typeof settings>
