import { expect, test } from "vitest"
import { FrameQueue } from "../../src/linux/frame-queue.ts"
import { createWorld } from "../support/world.ts"

test("a frame queue is first in, first out, around its end and through its growth", () => {
  const [{ kernel, eth0, bridge }] = createWorld().machines
  const queue = new FrameQueue()
  const sent: number[] = []
  const got: number[] = []
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < 3; i++) {
      const skb = kernel.arena.alloc(0)
      sent.push(skb.id)
      queue.push(skb.id % 2 === 0 ? eth0 : bridge, skb, skb.id * 10)
    }
    for (let i = 0; i < (round < 150 ? 2 : 4) && !queue.empty; i++) {
      const { time, dev } = queue
      const skb = queue.take()
      expect([time, dev]).toEqual([skb.id * 10, skb.id % 2 === 0 ? eth0 : bridge])
      got.push(skb.id)
      skb.free()
    }
  }
  expect(queue.empty).toBe(true)
  expect(got).toEqual(sent)
})
