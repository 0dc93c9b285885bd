/**
 * Yamux with two things that js-libp2p leaves out: a bound on what a frame's header may announce,
 * and an end for connections on which nothing is heard any more.
 */
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import type { Uint8ArrayList } from 'uint8arraylist'
import { HEARTBEAT_MS, SILENCE_MS, STREAM_WINDOW_BYTES, STREAMS_MAX } from '../core/limits.ts'

const CHECK_MS = 500
const YAMUX_HEADER_BYTES = 12
const YAMUX_DATA = 0

/** The muxer that every connection of the mesh gets. */
export function guardedYamux(): () => StreamMuxerFactory {
  return () => {
    const factory = yamux({
      // The heartbeat. Unlike a ping stream it needs no flow control, no stream and no peer store,
      // and it is answered by a peer that does not read its streams.
      keepAliveInterval: HEARTBEAT_MS,
      maxInboundStreams: STREAMS_MAX,
      maxOutboundStreams: STREAMS_MAX,
      streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES },
    })() as StreamMuxerFactory
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (wire) => {
      const muxer = create(wire)
      boundFrames(muxer)
      endWhenSilent(muxer, wire)
      return muxer
    }
    return factory
  }
}

/** The part of yamux that turns bytes into frames; not in its types. */
type Decoder = { buffer: Uint8ArrayList; readFrame(): unknown }

// The decoder collects the whole body that a header announces, up to 4 GiB, before it looks at the
// window (measured: 1 GB sent, 2 GB more in memory). Nobody was ever given a larger window.
function boundFrames(muxer: StreamMuxer): void {
  const decoder = (muxer as unknown as { decoder?: Decoder }).decoder
  if (typeof decoder?.readFrame !== 'function') {
    throw new Error('bug: yamux keeps its decoder elsewhere; see mesh/muxer.ts')
  }
  const readFrame = decoder.readFrame.bind(decoder)
  decoder.readFrame = () => {
    const { buffer } = decoder
    const whole = buffer.byteLength >= YAMUX_HEADER_BYTES
    if (whole && buffer.get(1) === YAMUX_DATA && buffer.getUint32(8) > STREAM_WINDOW_BYTES) {
      throw new Error(`a muxer frame of ${buffer.getUint32(8)} bytes is larger than any window`)
    }
    return readFrame()
  }
}

// Any byte counts as life, so a slow link that is busy with packs does not look dead. Ticks are
// counted, not time: after our own process was held up, one tick has passed and the bytes that
// waited meanwhile are read before the next.
function endWhenSilent(muxer: StreamMuxer, wire: MessageStream): void {
  let silentTicks = 0
  const heard = () => {
    silentTicks = 0
  }
  const check = setInterval(() => {
    silentTicks++
    if (silentTicks * CHECK_MS <= SILENCE_MS) return
    stop()
    const silence = new Error(`nothing heard for ${SILENCE_MS / 1_000} s`)
    muxer.abort(silence)
    // WebSocket's abort() leaks the socket; its close() does not, and TCP does not mind.
    wire.close({ signal: AbortSignal.timeout(HEARTBEAT_MS) }).catch(() => wire.abort(silence))
  }, CHECK_MS)
  check.unref()
  const stop = () => clearInterval(check)
  wire.addEventListener('message', heard)
  wire.addEventListener('close', stop)
}
