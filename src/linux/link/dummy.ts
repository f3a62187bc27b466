/** A device that swallows what it is given. Models drivers/net/dummy.c. */
import { countTx, type DeviceOps } from "../netdev.ts"

export const dummyOps: DeviceOps = {
  kind: "dummy",
  startXmit(dev, skb) {
    countTx(dev, skb.length)
    skb.free()
  },
}
