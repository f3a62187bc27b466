import { device } from "./device.ts"

export const other: unknown = () => device
