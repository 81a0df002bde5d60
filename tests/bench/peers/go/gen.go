/* Generators, by the standard library's iterators, and unbuffered channels. */
package main

import "iter"

func counting(count int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := int32(0); i < count; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func generate(count int32) {
	next, stop := iter.Pull(counting(count))
	go func() {
		sum := int64(0)
		for value, ok := next(); ok; value, ok = next() {
			sum += int64(value)
		}
		if sum != int64(count)*int64(count-1)/2 {
			fail("go: gen: the sum is wrong")
		}
		finish()
	}()
	waitFor(1)
	stop()
}

func unbuffered(count int32) {
	c := make(chan int32)
	go producer(c, count)
	go consumer(c, count)
	waitFor(2)
}

func generators() {
	measure("next-yield", generate)
	measure("unbuffered", unbuffered)
}
