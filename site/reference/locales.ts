/** The site's languages as the parts of addresses they are: none for the first. */
import config from "virtual:starlight/user-config"

/** For a page below `[...locale]`: it is there in every language, so that the sidebar's links lead to it. */
export const localePaths = (): { params: { locale: string | undefined } }[] =>
  Object.keys(config.locales ?? { root: true }).map((locale) => ({
    params: { locale: locale === "root" ? undefined : locale },
  }))

/** The site's root in a language, with a slash at the end. */
export const rootOf = (locale: string | undefined): string =>
  `${import.meta.env.BASE_URL.replace(/\/?$/, "/")}${locale === undefined ? "" : `${locale}/`}`
