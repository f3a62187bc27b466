/** lo: what is sent comes back. Models drivers/net/loopback.c. */
import * as ethernet from "../../wire/ethernet.ts"
import { countTx, type DeviceOps } from "../netdev.ts"

export const loopbackOps: DeviceOps = {
  kind: "loopback",
  startXmit(dev, skb) {
    countTx(dev, skb.length - ethernet.LENGTH)
    dev.net.kernel.netifRx(dev, skb)
  },
}
