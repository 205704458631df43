/**
 * framegate beside Statsig's native server engine, in one process, on users that nobody wrote down: first on the example project, then
 * on projects that are random themselves. Every gate, config, experiment and layer must agree in value, rule id, id type, group name,
 * reason, version and exposures. `FRAMEGATE_SEED` repeats a run; `FRAMEGATE_PROJECTS` and `FRAMEGATE_USERS` lengthen it.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator, type User } from '../src/node.ts'
import { backends } from './support/backends.ts'
import { sortedJson } from './support/canonical-json.ts'
import { projectFolder, readIdLists, readText } from './support/data.ts'
import { NativeEngine, withoutOrderOfEvaluation } from './support/native-engine.ts'
import { runSeed } from './support/random.ts'
import { randomProject } from './support/random-specs.ts'
import { randomUser, vocabularyOf } from './support/random-users.ts'
import { compareLines, describeDifferences, LineEvaluator, type ResultLine } from './support/result-lines.ts'

const seed = runSeed()
const userRuns = Number(process.env.FRAMEGATE_USERS ?? 300)
const projectRuns = Number(process.env.FRAMEGATE_PROJECTS ?? 25)
console.log(`differential test: FRAMEGATE_SEED=${seed}`)

describe('the example project', () => {
  const specs = readText(join(projectFolder, 'examples/shop.specs.json'))
  const idLists = readIdLists(join(projectFolder, 'examples/id-lists'))
  const users = randomUser(vocabularyOf(specs))
  let native: NativeEngine
  beforeAll(async () => {
    native = await NativeEngine.start(specs, idLists)
  })
  afterAll(() => native.stop())

  for (const backend of backends) {
    test(`${userRuns} random users get the native engine's answers (${backend})`, {
      timeout: 120_000 + userRuns * 50,
    }, () => {
      using evaluator = createEvaluator({ specs, idLists, backend })
      const lineOf = lineWriter(evaluator)
      fc.assert(
        fc.property(users, (user) => expectSame(native.line(user, 0), lineOf(user), user)),
        { seed, numRuns: userRuns },
      )
    })

    test(`contextual bandits whose choice is not random agree (${backend})`, { timeout: 60_000 }, () => {
      using evaluator = createEvaluator({ specs, idLists, backend })
      const steady = steadyBandits(specs)
      expect(steady.length).toBeGreaterThan(0)
      fc.assert(
        fc.property(users, (user) => {
          for (const name of steady) {
            const { value, ruleID, groupName, idType } = evaluator.getExperiment(user, name)
            expect({ value, rule_id: ruleID, group_name: groupName, id_type: idType }).toEqual(
              native.bandit(user, name),
            )
          }
        }),
        { seed, numRuns: userRuns },
      )
    })
  }
})

describe('a condition that the payload does not define', () => {
  const orders = ['failing public', 'public failing', 'failing closed public', 'failing public closed', 'failing', '']
  for (const backend of backends)
    test(`leaves the value of the condition before it (${backend})`, async () => {
      const specs = JSON.stringify({
        has_updates: true,
        response_format: 'dcs-v2',
        time: 1_751_362_200_000,
        feature_gates: {
          closed_gate: gate([]),
          ...Object.fromEntries(orders.map((order) => [`after ${order}`, gate([...order.split(' '), 'not_there'])])),
        },
        dynamic_configs: {},
        layer_configs: {},
        experiment_to_layer: {},
        condition_map: {
          failing: { ...condition('user_field'), operator: 'any', field: 'country', targetValue: ['NZ'] },
          public: condition('public'),
          closed: { ...condition('pass_gate'), targetValue: 'closed_gate' },
        },
      })
      const native = await NativeEngine.start(specs, {})
      using evaluator = createEvaluator({ specs, backend })
      const user = { userID: 'u', country: 'US' }
      expectSame(native.line(user, 0), lineWriter(evaluator)(user), user)
      const values = orders.map((order) => evaluator.checkGate(user, `after ${order}`))
      expect(values).toEqual([true, false, true, false, false, false])
      await native.stop()
    })

  function condition(type: string) {
    return { type, operator: null, field: null, targetValue: null, additionalValues: {}, idType: 'userID' }
  }

  function gate(conditions: readonly string[]) {
    const rule = { name: 'r', id: 'r', salt: 's', passPercentage: 100, returnValue: true, idType: 'userID' }
    const rules = conditions.length === 0 ? [] : [{ ...rule, conditions: conditions.filter((name) => name !== '') }]
    const named = { type: 'feature_gate', entity: 'feature_gate', idType: 'userID', salt: 's', version: 1 }
    return { ...named, enabled: true, defaultValue: false, rules }
  }
})

describe('random projects', () => {
  for (const backend of backends)
    test(`${projectRuns} projects, 20 users each, get the native engine's answers (${backend})`, {
      timeout: 120_000 + projectRuns * 2000,
    }, async () => {
      for (let run = 0; run < projectRuns; run++) {
        const projectSeed = (seed + run) >>> 0
        const { specs, idLists } = randomProject(projectSeed)
        const native = await NativeEngine.start(specs, idLists)
        using evaluator = createEvaluator({ specs, idLists, backend })
        const lineOf = lineWriter(evaluator)
        for (const user of fc.sample(randomUser(vocabularyOf(specs)), { seed: projectSeed, numRuns: 20 }))
          expectSame(native.line(user, 0), lineOf(user), user, projectSeed)
        await native.stop()
      }
    })
})

function lineWriter(evaluator: Evaluator): (user: User) => ResultLine {
  const lines = new LineEvaluator(evaluator)
  return (user) => JSON.parse(lines.text(user, 0)) as ResultLine
}

function expectSame(expected: ResultLine, actual: ResultLine, user: User, projectSeed?: number): void {
  // Through JSON, so that a -0 counts as the 0 that any result line shows.
  const lines = [JSON.parse(JSON.stringify(expected)) as ResultLine, actual].map(withoutOrderOfEvaluation)
  const { differences } = compareLines([lines[0]!], [lines[1]!])
  if (differences.length > 0) {
    const where =
      projectSeed === undefined ? `FRAMEGATE_SEED=${seed}` : `FRAMEGATE_SEED=${projectSeed} FRAMEGATE_PROJECTS=1`
    throw new Error(`${where} repeats this; user ${sortedJson(user)}:\n${describeDifferences(differences, [user])}`)
  }
}

/** Bandits that choose by hash or by score. With a sample rate they choose at random, differently in every call. */
function steadyBandits(specs: string): string[] {
  interface Bandit {
    readonly sampleRate: number
    readonly groups: readonly { readonly id: string }[]
    readonly config: Record<string, { readonly weightsNumerical: object; readonly weightsCategorical: object }> | null
  }
  const bandits = (JSON.parse(specs) as { cmab_configs?: Record<string, Bandit> }).cmab_configs ?? {}
  const hasScores = ({ config, groups }: Bandit) =>
    config === null ||
    groups.some(
      ({ id }) =>
        config[id] !== undefined &&
        Object.keys(config[id].weightsNumerical).length + Object.keys(config[id].weightsCategorical).length > 0,
    )
  return Object.keys(bandits).filter(
    (name) => hasScores(bandits[name]!) && (bandits[name]!.config === null || bandits[name]!.sampleRate === 0),
  )
}
