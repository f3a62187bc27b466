/** How code is coloured: what astro.config.mjs cannot hold, because its options are written into files. */
export default {
  shiki: {
    transformers: [
      {
        name: "podwire-no-time-limit",
        /** A line is given up after half a second otherwise, half coloured: pages would depend on how busy the machine is that builds them. */
        preprocess(_, options) {
          options.tokenizeTimeLimit = 0
        },
      },
    ],
  },
}
