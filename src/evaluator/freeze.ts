// Values that callers share are frozen, so that none of them can change another's.

/** Freezes a JSON value and all that it holds. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}
