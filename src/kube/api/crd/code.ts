/** What is loaded for the first definition: most clusters have none. */
export { validateDefinition } from "./check-definition.ts"
export { customResource } from "./custom-resource.ts"
