/** The Content-Security-Policy of the kernel: what cells may do, however determined they are. */

export const KERNEL_POLICY = [
  "default-src 'none'",
  // Cells are made into functions, and import what else of the site they need.
  "script-src 'self' 'unsafe-eval'",
  // A worker from an address would have the policy of its own headers, and there are none.
  "worker-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ")

/** A page that only has the policy. */
export const KERNEL_PAGE = "kernel/"
