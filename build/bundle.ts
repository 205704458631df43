/**
 * Makes one file of each layer of the core in dist/: `ffi/index.js` and `evaluator/index.js` with all that they import.
 *
 *     build/bundle.ts
 *
 * Node takes 1 to 2 ms and 0.12 MB for each module of a program, however small: `import 'framegate/node'` takes half the
 * time with 3 files instead of 50, and the process 7 MB less. A layer's modules are imported by nobody else than itself
 * (`test/structure.test.ts`), so that what modules keep is kept once; scripts of threads go on with the single files.
 */
import { join } from 'node:path'
import { buildSync } from 'esbuild'

const dist = join(import.meta.dirname, '../dist')

for (const layer of ['ffi', 'evaluator']) {
  const path = join(dist, layer, 'index.js')
  buildSync({
    entryPoints: [path],
    outfile: path,
    allowOverwrite: true,
    bundle: true,
    external: ['../ffi/index.js'],
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: true,
    logLevel: 'warning',
  })
}
