/**
 * Sorts as Go's sort.Sort does: not stably, but always in the same way, so that rows with equal keys stand in the order in which the real
 * kubectl shows them. Models src/sort/zsortinterface.go (Go 1.19 and later): pattern-defeating quicksort, insertion sort up to twelve items.
 */

type Less<T> = (a: T, b: T) => boolean

const INSERTION_MAX = 12
const NINTHER_MIN = 50
const SHIFT_MIN = 50
const SHIFTS_MAX = 5

export function goSort<T>(items: readonly T[], less: Less<T>): T[] {
  const sorter = new Sorter([...items], less)
  sorter.sort(0, items.length, 32 - Math.clz32(items.length))
  return sorter.items
}

class Sorter<T> {
  readonly items: T[]
  readonly #less: Less<T>

  constructor(items: T[], less: Less<T>) {
    this.items = items
    this.#less = less
  }

  #isLess(i: number, j: number): boolean {
    return this.#less(this.items[i] as T, this.items[j] as T)
  }

  #swap(i: number, j: number): void {
    const item = this.items[i] as T
    this.items[i] = this.items[j] as T
    this.items[j] = item
  }

  /** Sorts [from, to); after `limit` bad pivots by a heap. */
  sort(from: number, to: number, limit: number): void {
    let [start, end, left] = [from, to, limit]
    let balanced = true
    let partitioned = true
    for (;;) {
      const length = end - start
      if (length <= INSERTION_MAX || left === 0) {
        if (length <= INSERTION_MAX) this.#insertion(start, end)
        else this.#heap(start, end)
        return
      }
      if (!balanced) {
        this.#scatter(start, end)
        left--
      }
      let { pivot, swaps } = this.#pivot(start, end)
      if (swaps === 12) {
        this.#reverse(start, end)
        pivot = end - 1 - (pivot - start)
        swaps = 0
      }
      if (balanced && partitioned && swaps === 0 && this.#nearlySorted(start, end)) return
      // Everything left of here is no greater: equal items need not be looked at again.
      if (start > 0 && !this.#isLess(start - 1, pivot)) {
        start = this.#equals(start, end, pivot)
        continue
      }
      const { middle, already } = this.#partition(start, end, pivot)
      partitioned = already
      const [before, after] = [middle - start, end - middle]
      balanced = Math.min(before, after) >= Math.floor(length / 8)
      if (before < after) {
        this.sort(start, middle, left)
        start = middle + 1
      } else {
        this.sort(middle + 1, end, left)
        end = middle
      }
    }
  }

  #insertion(from: number, to: number): void {
    for (let i = from + 1; i < to; i++) for (let j = i; j > from && this.#isLess(j, j - 1); j--) this.#swap(j, j - 1)
  }

  #heap(from: number, to: number): void {
    const size = to - from
    const sift = (start: number, end: number): void => {
      for (let root = start; ; ) {
        let child = 2 * root + 1
        if (child >= end) return
        if (child + 1 < end && this.#isLess(from + child, from + child + 1)) child++
        if (!this.#isLess(from + root, from + child)) return
        this.#swap(from + root, from + child)
        root = child
      }
    }
    for (let i = Math.floor((size - 1) / 2); i >= 0; i--) sift(i, size)
    for (let i = size - 1; i >= 0; i--) {
      this.#swap(from, from + i)
      sift(0, i)
    }
  }

  /** The median of three, from fifty items on of three medians; how many pairs were out of order says how sorted they are. */
  #pivot(from: number, to: number): { pivot: number; swaps: number } {
    const quarter = Math.floor((to - from) / 4)
    let swaps = 0
    const ordered = (a: number, b: number): [number, number] => {
      if (!this.#isLess(b, a)) return [a, b]
      swaps++
      return [b, a]
    }
    const median = (first: number, second: number, third: number): number => {
      const [a, b] = ordered(first, second)
      const [c] = ordered(b, third)
      return ordered(a, c)[1]
    }
    const around = (at: number): number => (to - from >= NINTHER_MIN ? median(at - 1, at, at + 1) : at)
    const [i, j, k] = [around(from + quarter), around(from + quarter * 2), around(from + quarter * 3)]
    return { pivot: median(i, j, k), swaps }
  }

  #reverse(from: number, to: number): void {
    for (let i = from, j = to - 1; i < j; i++, j--) this.#swap(i, j)
  }

  /** Mends a few places; true when all is sorted then. */
  #nearlySorted(from: number, to: number): boolean {
    let i = from + 1
    for (let shifts = 0; shifts < SHIFTS_MAX; shifts++) {
      while (i < to && !this.#isLess(i, i - 1)) i++
      if (i === to) return true
      if (to - from < SHIFT_MIN) return false
      this.#swap(i, i - 1)
      if (i - from >= 2) for (let j = i - 1; j >= 1 && this.#isLess(j, j - 1); j--) this.#swap(j, j - 1)
      if (to - i >= 2) for (let j = i + 1; j < to && this.#isLess(j, j - 1); j++) this.#swap(j, j - 1)
    }
    return false
  }

  /** Moves three items away from the middle, by a generator that the length alone decides. */
  #scatter(from: number, to: number): void {
    const length = to - from
    if (length < 8) return
    let random = BigInt(length)
    const mask = (1n << BigInt(32 - Math.clz32(length))) - 1n
    const middle = from + Math.floor(length / 4) * 2
    for (let i = 0; i < 3; i++) {
      random = BigInt.asUintN(64, random ^ (random << 13n))
      random ^= random >> 17n
      random = BigInt.asUintN(64, random ^ (random << 5n))
      const other = Number(random & mask)
      this.#swap(middle - 1 + i, from + (other >= length ? other - length : other))
    }
  }

  /** What is less than the pivot comes before it. Tells where the pivot is, and whether nothing had to move. */
  #partition(from: number, to: number, pivot: number): { middle: number; already: boolean } {
    this.#swap(from, pivot)
    let [i, j, already] = [from + 1, to - 1, true]
    for (;;) {
      while (i <= j && this.#isLess(i, from)) i++
      while (i <= j && !this.#isLess(j, from)) j--
      if (i > j) break
      this.#swap(i++, j--)
      already = false
    }
    this.#swap(j, from)
    return { middle: j, already }
  }

  /** What equals the pivot comes first. Tells where the greater begin. */
  #equals(from: number, to: number, pivot: number): number {
    this.#swap(from, pivot)
    let [i, j] = [from + 1, to - 1]
    for (;;) {
      while (i <= j && !this.#isLess(from, i)) i++
      while (i <= j && this.#isLess(from, j)) j--
      if (i > j) return i
      this.#swap(i++, j--)
    }
  }
}
