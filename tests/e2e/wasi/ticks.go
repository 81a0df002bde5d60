/* Reads its standard input in one goroutine while another one ticks, and goes
 * on to files: by polling alone, for WASI knows no threads. */
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

func main() {
	lines := make(chan string)
	go func() {
		scanner := bufio.NewScanner(os.Stdin)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
		close(lines)
	}()
	ticker := time.NewTicker(time.Millisecond)
	for ticks := 0; ; {
		select {
		case <-ticker.C:
			ticks++
			if ticks == 10 {
				fmt.Println("ticked")
			}
		case line, ok := <-lines:
			if ok {
				fmt.Println("read", line)
				continue
			}
			text, err := os.ReadFile("/data/in")
			if err == nil {
				err = os.WriteFile("/data/out", append(text, '!'), 0o644)
			}
			fmt.Println("end", err)
			os.Exit(5)
		}
	}
}
