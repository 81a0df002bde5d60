//go:build !js

/* Memory on the build machine: the resident set, as our native build has it. */
package main

import (
	"fmt"
	"os"
)

func memoryBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		fail("go: the resident set is read from /proc: %v", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		fail("go: /proc/self/statm: %v", err)
	}
	return resident * int64(os.Getpagesize())
}
