/** From what a header declares to definitions, function by function; one that has none is listed with the reason. */
import type { Binding, Bindings } from './bindings.ts'
import { CallbackMapper } from './c-callbacks.ts'
import { type MappingContext, mapParameters } from './c-parameters.ts'
import { mapResult } from './c-results.ts'
import { Inexpressible, TypeMapper } from './c-to-definition.ts'
import { type CFunction, type CHeader, handleName } from './c-types.ts'
import { headerOpening } from './guest-opening.ts'
import { type CallableFunction, Ownership } from './ownership.ts'

export function headerBindings(header: CHeader, baseName: string): Bindings {
  const mapper = new TypeMapper(header.typedefs)
  const ownership = new Ownership(mapper, header.functions.filter(isCallable))
  const callbacks = new CallbackMapper(mapper, (record) => ownership.isHandle(record))
  const context: MappingContext = { mapper, ownership, callbacks }
  const functions = header.functions.map((each): Binding => {
    if (isCallable(each)) return bindingOf(each, context)
    return { name: each.name, reason: each.fault ?? 'could not be parsed' }
  })
  return {
    opening: headerOpening(baseName),
    remarks: [
      'A C declaration does not say who owns what a pointer leads to, nor how long it is. What was guessed is said at each function.',
    ],
    types: mapper.named,
    functions,
  }
}

function isCallable(each: CFunction): each is CallableFunction {
  return each.type !== undefined && each.fault === undefined
}

function bindingOf(each: CallableFunction, context: MappingContext): Binding {
  const { mapper, ownership } = context
  const { name, symbol, documentation, prototype } = each
  const ended = ownership.endedBy(each)
  if (ended !== undefined) {
    const object = `a ${handleName(ended)}`
    const isChosen = ownership.freeOfHandle(ended) === name
    const reason = isChosen
      ? `is what disposing of ${object} calls`
      : `ends ${object}, which disposing of it would do again`
    return { name, reason }
  }
  try {
    const { result, lengthSlot, note } = mapResult(each, mapper, ownership)
    const { parameters, notes } = mapParameters(each, context, lengthSlot)
    return {
      name,
      definition: { parameters, result, ...(symbol === undefined ? {} : { symbol }) },
      documentation,
      prototype,
      notes: [...notes, ...(note === undefined ? [] : [note])],
    }
  } catch (error) {
    if (error instanceof Inexpressible) return { name, reason: error.message }
    throw error
  }
}
