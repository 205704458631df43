// This package's shim on the shared object.

import koffi from 'koffi'
import type { OpenPeer } from '../calls.ts'
import { openShim } from './shim.ts'

export const open: OpenPeer = (options) => openShim({ library: options.library, koffi }, options)
