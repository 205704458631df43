/** `framegate eval`: the options and their reading; the work is in `evaluate-users.ts`. */
import { defineCommand } from 'citty'
import { nameList, wholeNumber } from './arguments.ts'

export const evalCommand = defineCommand({
  meta: { name: 'eval', description: 'Evaluate gates, configs and layers for a file of users' },
  args: {
    specs: {
      type: 'string',
      required: true,
      valueHint: 'FILE',
      description: 'Config specs (a download_config_specs payload, v1 or v2)',
    },
    users: {
      type: 'string',
      required: true,
      valueHint: 'FILE',
      description: 'Users as NDJSON, one JSON object a line; - reads standard input',
    },
    'id-lists': {
      type: 'string',
      valueHint: 'DIR',
      description: 'Folder of ID lists, one file per list, called as the list is',
    },
    gates: {
      type: 'string',
      valueHint: 'NAMES',
      description: 'Only these gates, segments and holdouts, separated by commas',
    },
    configs: { type: 'string', valueHint: 'NAMES', description: 'Only these dynamic configs and experiments' },
    layers: {
      type: 'string',
      valueHint: 'NAMES',
      description: 'Only these layers. With none of the three: everything',
    },
    environment: {
      type: 'string',
      valueHint: 'TIER',
      description: 'Environment tier of users that bring none, such as production',
    },
    backend: {
      type: 'enum',
      options: ['wasm', 'native'],
      default: 'wasm',
      description: 'How the engine runs; the results are the same',
    },
    threads: {
      type: 'string',
      valueHint: 'N',
      default: '1',
      description: 'Worker threads; the output is the same with any number',
    },
    now: {
      type: 'string',
      valueHint: 'MS',
      description: 'Evaluate as of this time, in milliseconds since 1970. (Default: now)',
    },
    output: { type: 'string', valueHint: 'FILE', description: 'Where results go (Default: standard output)' },
    format: {
      type: 'enum',
      options: ['ndjson', 'table'],
      default: 'ndjson',
      description: 'A line of JSON per user, or counts over all users',
    },
  },
  async run({ args }) {
    const names = (option: string, text: string | undefined) =>
      text === undefined ? undefined : nameList(option, text)
    const options = {
      specs: args.specs,
      users: args.users,
      idLists: args['id-lists'],
      wanted: {
        gates: names('--gates', args.gates),
        configs: names('--configs', args.configs),
        layers: names('--layers', args.layers),
      },
      environment: args.environment,
      backend: args.backend,
      threads: wholeNumber('--threads', args.threads, 1, mostThreads),
      now: args.now === undefined ? Date.now() : wholeNumber('--now', args.now, 0, latestTime),
      output: args.output,
      format: args.format,
    }
    const { evaluateUsers } = await import('./evaluate-users.ts')
    process.exitCode = await evaluateUsers(options)
  },
})

export const evalExamples = [
  [
    'Every gate, config and layer for every user, a line of JSON each',
    'framegate eval --specs specs.json --users users.ndjson > results.ndjson',
  ],
  [
    'Two gates for users from a pipe',
    'head -n 1000 users.ndjson | framegate eval --specs specs.json --users - --gates new_checkout,dark_mode',
  ],
  [
    'How a rollout and an experiment come out, on two threads',
    'framegate eval --specs specs.json --users users.ndjson --threads 2 --format table',
  ],
  [
    'As it will be on 1 January 2027, with ID lists',
    'framegate eval --specs specs.json --users users.ndjson --id-lists lists/ --now 1798761600000',
  ],
] as const

// Each thread has an instance and a copy of the specs: a slip of the keyboard must not take the machine's memory.
const mostThreads = 256
/** The last millisecond that a JavaScript date can hold. */
const latestTime = 8_640_000_000_000_000
