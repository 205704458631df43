// framegate/tenants: many tenants in one process, who cannot see, stall or crash each other.

export { type ErrorCode, FramegateError, Snapshot } from '../ffi/index.ts'
export { type MeterOptions, meterGuest } from './meter-guest.ts'
export { type Operator, type OperatorOptions, type OperatorStats, openOperator } from './operator.ts'
export { MemoryStore, type SnapshotStore } from './store.ts'
export { Tenant } from './tenant.ts'
export { TenantHost } from './tenant-host.ts'
export type {
  HostStats,
  TenantEvent,
  TenantHostOptions,
  TenantLimits,
  TenantOperator,
  TenantOptions,
  TenantStats,
} from './types.ts'
