// framegate/pool/threads: sharing specs between threads, on every runtime that has them; nothing of Node's.

export { type ErrorCode, FramegateError } from '../evaluator/index.ts'
export { type AttachedEvaluator, type AttachOptions, attach } from './attach.ts'
export type { BoardMemory } from './board.ts'
export { type SharedEvaluator, type SharedHandle, type ShareOptions, share } from './share.ts'
