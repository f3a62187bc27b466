// Breaks the law on purpose: a type import counts.
import type { Device } from "../linux/device.ts"

export const frame = (device: Device): string => device.name
