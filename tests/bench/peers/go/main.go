/* The workloads of tests/bench/apps in Go, for GOOS=js and for the build
 * machine. Elements are int32, and one run does exactly what ours does. */
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
	case "spawn":
		measure("spawn-exit", spawn)
	case "select":
		measure("receive", selectFour)
	case "sieve":
		sieve()
	case "parked-default":
		parked("stack-default", 100000)
	default:
		fail("go: no workload %q", suite)
	}
}
