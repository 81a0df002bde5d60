/* Mutexes and wait groups. */
package main

import (
	"runtime"
	"sync"
)

const groupSize = 1000

var locking struct {
	mutex sync.Mutex
	group sync.WaitGroup
	total int32
}

func loneLocker(count int32) {
	for i := int32(0); i < count; i++ {
		locking.mutex.Lock()
		locking.total++
		locking.mutex.Unlock()
	}
	finish()
}

func lockAlone(count int32) {
	locking.total = 0
	go loneLocker(count)
	waitFor(1)
	if locking.total != count {
		fail("go: mutex: %d of %d", locking.total, count)
	}
}

// Unlock wakes who waits, but hands over only to one that waited for 1 ms.
func rival(count int32) {
	for i := int32(0); i < count/2; i++ {
		locking.mutex.Lock()
		locking.total++
		runtime.Gosched()
		locking.mutex.Unlock()
	}
	finish()
}

func lockInTurn(count int32) {
	locking.total = 0
	go rival(count)
	go rival(count)
	waitFor(2)
	if locking.total != count {
		fail("go: mutex: %d of %d", locking.total, count)
	}
}

func member() {
	locking.total++
	locking.group.Done()
}

func waitGroup(count int32) {
	locking.total = 0
	go func() {
		for left := count; left > 0; left -= groupSize {
			members := min(left, groupSize)
			locking.group.Add(int(members))
			for i := int32(0); i < members; i++ {
				go member()
			}
			locking.group.Wait()
		}
		finish()
	}()
	waitFor(1)
	if locking.total != count {
		fail("go: waitgroup: %d of %d", locking.total, count)
	}
}
