/* Timers, and contexts that end many who wait. */
package main

import (
	"context"
	"runtime"
	"time"
)

const (
	pendingTimers = 100000
	timerStride   = 7919
)

var fired int32

func fire() { fired++ }

func timerDelay(slot int32) time.Duration {
	return time.Hour + time.Duration(slot)*time.Millisecond
}

func timers() {
	pending := make([]*time.Timer, pendingTimers)
	slot := int32(0)
	for i := range pending {
		slot = (slot + timerStride) % pendingTimers
		pending[i] = time.AfterFunc(timerDelay(slot), fire)
	}
	timer := time.AfterFunc(time.Hour, fire)
	if !timer.Stop() {
		fail("go: timer: it was not pending")
	}
	measure("start-stop", func(count int32) {
		slot := int32(0)
		stopped := int32(0)
		for i := int32(0); i < count; i++ {
			slot = (slot + timerStride) % pendingTimers
			if timer.Reset(timerDelay(slot)) {
				fail("go: timer: it was pending")
			}
			if timer.Stop() {
				stopped++
			}
		}
		if stopped != count {
			fail("go: timer: %d of %d stopped", stopped, count)
		}
	})
	for _, timer := range pending {
		if !timer.Stop() {
			fail("go: timer: one was not pending any more")
		}
	}
	if fired != 0 {
		fail("go: timer: %d fired", fired)
	}
}

const cancelWaiters = 100000

var canceling struct {
	gate     chan int32
	waiting  int32
	canceled int32
	ended    int32
}

func cancelWaiter(ctx context.Context) {
	canceling.waiting++
	select {
	case <-canceling.gate:
	case <-ctx.Done():
		canceling.canceled++
	}
	canceling.ended++
}

func cancelOnce() time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	canceling.waiting = 0
	canceling.canceled = 0
	canceling.ended = 0
	for i := 0; i < cancelWaiters; i++ {
		go cancelWaiter(ctx)
	}
	for canceling.waiting < cancelWaiters {
		runtime.Gosched()
	}
	begin := time.Now()
	cancel()
	for canceling.ended < cancelWaiters {
		runtime.Gosched()
	}
	took := time.Since(begin)
	if canceling.canceled != cancelWaiters {
		fail("go: cancel: %d of %d", canceling.canceled, cancelWaiters)
	}
	return took
}

func cancels() {
	var warm, total time.Duration
	rounds := 0
	canceling.gate = make(chan int32)
	for warm < warmUpFor {
		warm += cancelOnce()
	}
	for ; total < measureFor; rounds++ {
		total += cancelOnce()
	}
	report("waiter", float64(total.Nanoseconds())/float64(rounds)/cancelWaiters, "ns")
}
