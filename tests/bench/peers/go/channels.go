/* Channels. */
package main

import "time"

func pinger(there, back chan int32, count int32) {
	for i := int32(0); i < count; i++ {
		there <- i
		if answer := <-back; answer != i+1 {
			fail("go: pingpong: %d instead of %d", answer, i+1)
		}
	}
	close(there)
	finish()
}

func ponger(there, back chan int32) {
	for value := range there {
		back <- value + 1
	}
	finish()
}

func pingpong(count int32) {
	there := make(chan int32)
	back := make(chan int32)
	go pinger(there, back, count)
	go ponger(there, back)
	waitFor(2)
}

func wideProducer(out chan int64, count int32) {
	for i := int64(0); i < int64(count); i++ {
		out <- i
	}
	close(out)
	finish()
}

func wideConsumer(in chan int64, count int32) {
	sum := int64(0)
	for value := range in {
		sum += value
	}
	if sum != int64(count)*int64(count-1)/2 {
		fail("go: buffered-wide: the sum is wrong")
	}
	finish()
}

func bufferedWide(count int32) {
	c := make(chan int64, 128)
	go wideProducer(c, count)
	go wideConsumer(c, count)
	waitFor(2)
}

func producer(out chan int32, count int32) {
	for i := int32(0); i < count; i++ {
		out <- i
	}
	close(out)
	finish()
}

func consumer(in chan int32, count int32) {
	sum := int64(0)
	for value := range in {
		sum += int64(value)
	}
	if sum != int64(count)*int64(count-1)/2 {
		fail("go: buffered: the sum is wrong")
	}
	finish()
}

func buffered(count int32) {
	c := make(chan int32, 128)
	go producer(c, count)
	go consumer(c, count)
	waitFor(2)
}

func candidates(out chan int32, limit int32) {
	for i := int32(2); i <= limit; i++ {
		out <- i
	}
	close(out)
	finish()
}

func filtering(in, out chan int32, prime int32) {
	for value := range in {
		if value%prime != 0 {
			out <- value
		}
	}
	close(out)
	finish()
}

func sieveTo(limit int32, primes int) {
	in := make(chan int32)
	go candidates(in, limit)
	last := int32(0)
	found := 0
	for {
		prime, ok := <-in
		if !ok {
			break
		}
		out := make(chan int32)
		go filtering(in, out, prime)
		in = out
		last = prime
		found++
	}
	waitFor(found + 1)
	if found != primes || last != limit {
		fail("go: sieve: %d primes up to %d", found, last)
	}
}

func sieve() {
	sieveTo(3571, 500)
	begin := time.Now()
	count := 0
	var took time.Duration
	for took < measureFor {
		sieveTo(17389, 2000)
		count++
		took = time.Since(begin)
	}
	report("primes-2000", took.Seconds()/float64(count), "s")
}
