/* The workloads of tests/bench/apps in Go, for GOOS=js and for the build
 * machine. One run does exactly what ours does. */
package main

import (
	"fmt"
	"os"
	"time"
)

const (
	measureFor = 150 * time.Millisecond
	warmUpFor  = 100 * time.Millisecond
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func report(name string, value float64, unit string) {
	fmt.Printf("%s %.4f %s\n", name, value, unit)
}

// Doubles the count until a run of body(count) is long enough to count.
func measure(name string, body func(count int32)) {
	var warm time.Duration
	for count := int32(1024); ; {
		begin := time.Now()
		body(count)
		took := time.Since(begin)
		if took >= measureFor && warm >= warmUpFor {
			report(name, float64(took.Nanoseconds())/float64(count), "ns")
			return
		}
		warm += took
		if count < 1<<29 {
			count *= 2
		}
	}
}

func main() {
	suite := ""
	if len(os.Args) > 1 {
		suite = os.Args[1]
	}
	switch suite {
	case "yield":
		for _, depth := range []uint32{0, 5, 20} {
			name := fmt.Sprintf("depth-%d", depth)
			measure(name, func(count int32) { yieldAt(depth, count) })
		}
	case "pingpong":
		measure("round-trip", pingpong)
	case "buffered":
		measure("send-receive", buffered)
	case "buffered-wide":
		measure("send-receive-wide", bufferedWide)
	case "spawn":
		measure("spawn-exit", spawn)
	case "select":
		selects()
	case "mutex":
		measure("alone", lockAlone)
		measure("handed-over", lockInTurn)
	case "waitgroup":
		measure("member", waitGroup)
	case "timer":
		timers()
	case "cancel":
		cancels()
	case "gen":
		generators()
	case "sieve":
		sieve()
	case "parked-default":
		report("stack-default", parked(100000).bytes, "B")
	case "parked-million":
		all := parked(1000000)
		report("bytes", all.bytes, "B")
		report("start", all.start.Seconds(), "s")
		report("end", all.end.Seconds(), "s")
		report("start-end", (all.start + all.end).Seconds(), "s")
	default:
		fail("go: no workload %q", suite)
	}
}
