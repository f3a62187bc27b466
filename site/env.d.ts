/// <reference path="../.astro/types.d.ts" />
// Types of Astro.locals.starlightRoute: Starlight 0.42 does not export this file.
/// <reference path="../node_modules/@astrojs/starlight/dist/global.d.ts" />

// As much of Starlight's own module as is used here; it has no types either.
declare module "virtual:starlight/user-config" {
  const config: { readonly locales?: Readonly<Record<string, unknown>> }
  export default config
}
