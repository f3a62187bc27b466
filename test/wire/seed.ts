/** The seed of the property tests: fixed, printed by fast-check when a property fails, replaced by SEED. */
export const SEED = { seed: Number(process.env["SEED"] ?? 20251018) }
