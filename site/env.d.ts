/// <reference path="../.astro/types.d.ts" />
// Types of Astro.locals.starlightRoute: Starlight 0.42 does not export this file.
/// <reference path="../node_modules/@astrojs/starlight/dist/global.d.ts" />
