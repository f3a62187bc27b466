/** Log lines as k8s.io/klog writes them. */
export { klog } from "../../kube/client/klog.ts"
