/* Channels and select. */
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

const ways = 4

func fanProducer(out chan int32, count int32) {
	for i := int32(0); i < count; i++ {
		out <- i
	}
	finish()
}

func fanConsumer(c *[ways]chan int32, count int32) {
	var counts [ways]int32
	sum := int64(0)
	a, b, d, e := c[0], c[1], c[2], c[3]
	var value int32
	for i := int32(0); i < count; i++ {
		select {
		case value = <-a:
			counts[0]++
		case value = <-b:
			counts[1]++
		case value = <-d:
			counts[2]++
		case value = <-e:
			counts[3]++
		}
		sum += int64(value)
	}
	each := int64(count / ways)
	for _, n := range counts {
		if int64(n) != each {
			fail("go: select: %d of %d from one channel", n, each)
		}
	}
	if sum != ways*(each*(each-1)/2) {
		fail("go: select: the sum is wrong")
	}
	finish()
}

func selectFour(count int32) {
	var c [ways]chan int32
	for i := range c {
		c[i] = make(chan int32)
		go fanProducer(c[i], count/ways)
	}
	go fanConsumer(&c, count)
	waitFor(ways + 1)
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
