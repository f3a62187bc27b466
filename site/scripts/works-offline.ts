/** When a page is there and nothing else is to do, the site is fetched for times without a network, unless the reader saves data. */
export function worksOffline(): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } }
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || connection?.saveData === true) return
  const base = import.meta.env.BASE_URL.replace(/\/?$/, "/")
  const register = async (): Promise<void> => {
    try {
      const registration = await navigator.serviceWorker.register(`${base}service-worker.js`, { scope: base })
      // Browsers look for a new one when they please.
      if (registration.active !== null) await registration.update()
    } catch {
      // Where it is not allowed (private windows, plain http) or not reached, the pages work as they are.
    }
  }
  // Safari has no idle callbacks.
  addEventListener("load", () =>
    "requestIdleCallback" in window ? requestIdleCallback(register) : setTimeout(register),
  )
}
