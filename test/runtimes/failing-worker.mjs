/** A worker that fails at its first message. */
addEventListener('message', () => {
  throw new Error('on purpose')
})
