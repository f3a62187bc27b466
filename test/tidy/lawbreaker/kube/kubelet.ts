export const kubelet = 1
