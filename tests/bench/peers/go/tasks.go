/* Yielding, starting and parking goroutines. */
package main

import (
	"runtime"
	"time"
)

var done = make(chan int32)

func finish() { done <- 1 }

func waitFor(count int) {
	for ; count > 0; count-- {
		<-done
	}
}

var yielding struct {
	depth  uint32
	yields int32
	total  int64
}

func yielder() {
	for i := int32(0); i < yielding.yields; i++ {
		yielding.total++
		runtime.Gosched()
	}
	finish()
}

func path(depth uint32) uint32 {
	result := uint32(1)
	for i := uint32(1); i <= depth; i++ {
		result = result<<1 ^ i
	}
	return result
}

//go:noinline
func descend(depth uint32) uint32 {
	if depth == 0 {
		for i := int32(0); i < yielding.yields; i++ {
			yielding.total++
			runtime.Gosched()
		}
		return 1
	}
	return descend(depth-1)<<1 ^ depth
}

func deepYielder() {
	if descend(yielding.depth-1) != path(yielding.depth-1) {
		fail("go: yield: the way back was lost")
	}
	finish()
}

func yieldAt(depth uint32, count int32) {
	yielding.depth = depth
	yielding.yields = count / 2
	yielding.total = 0
	entry := deepYielder
	if depth == 0 {
		entry = yielder
	}
	go entry()
	go entry()
	waitFor(2)
	if yielding.total != int64(count) {
		fail("go: yield: %d of %d", yielding.total, count)
	}
}

const batch = 64

var spawned int32

func spawnee() { spawned++ }

func spawner(count int32) {
	for target := int32(batch); target <= count; target += batch {
		for i := 0; i < batch; i++ {
			go spawnee()
		}
		for spawned < target {
			runtime.Gosched()
		}
	}
	finish()
}

func spawn(count int32) {
	spawned = 0
	go spawner(count)
	waitFor(1)
	if spawned != count {
		fail("go: spawn: %d of %d", spawned, count)
	}
}

var parking struct {
	gate     chan int32
	parked   int32
	released int32
}

func parker() {
	parking.parked++
	<-parking.gate
	parking.released++
}

type figures struct {
	bytes      float64 // each
	start, end time.Duration
}

func parked(count int32) figures {
	parking.gate = make(chan int32)
	before := memoryBytes()
	begin := time.Now()
	for i := int32(0); i < count; i++ {
		go parker()
	}
	for parking.parked < count {
		runtime.Gosched()
	}
	start := time.Since(begin)
	grown := memoryBytes() - before
	begin = time.Now()
	close(parking.gate)
	for parking.released < count {
		runtime.Gosched()
	}
	return figures{float64(grown) / float64(count), start, time.Since(begin)}
}
