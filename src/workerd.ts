// framegate/workerd: Cloudflare Workers hand modules in as imports: `import module from 'framegate/engine.wasm'`.

export * from './index.ts'
