//go:build js

/* net: the same bodies by http.Get, which is on fetch in a page, read by
 * pieces into one buffer; hashes by crypto/sha256 in wasm, random bytes by
 * crypto/rand. Each function answers a promise of milliseconds. */
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall/js"
	"time"
)

const (
	readBytes   = 256 << 10
	blockBytes  = 1 << 20
	randomBytes = 64 << 10
)

/* Goroutines take turns here, and none is stopped between reads. */
var piece = make([]byte, readBytes)
var block = make([]byte, blockBytes)

func must(ok bool, what string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(what, args...))
	}
}

func open(url string) io.ReadCloser {
	response, err := http.Get(url)
	must(err == nil, "%v", err)
	must(response.StatusCode == 200, "status %d", response.StatusCode)
	return response.Body
}

func readToEnd(body io.ReadCloser) int {
	defer body.Close()
	total := 0
	for {
		count, err := body.Read(piece)
		total += count
		if err == io.EOF {
			return total
		}
		must(err == nil, "%v", err)
	}
}

func download(args []js.Value) {
	total := readToEnd(open(args[0].String()))
	must(total == args[1].Int(), "%d bytes", total)
}

func inFlight(args []js.Value) {
	url, bytes, left := args[0].String(), args[1].Int(), args[2].Int()
	var group sync.WaitGroup
	for i := 0; i < args[3].Int(); i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for left > 0 {
				left--
				total := readToEnd(open(url))
				must(total == bytes, "%d bytes", total)
			}
		}()
	}
	group.Wait()
}

func hashBlocks(args []js.Value) {
	for i := 0; i < args[0].Int(); i++ {
		digest := sha256.Sum256(block)
		copy(block, digest[:])
	}
}

func draw(args []js.Value) {
	for i := 0; i < args[0].Int(); i++ {
		_, err := rand.Read(block[:randomBytes])
		must(err == nil, "%v", err)
	}
}

func firstChunk(args []js.Value) time.Duration {
	begin := time.Now()
	body := open(args[0].String())
	count, err := body.Read(piece)
	took := time.Since(begin)
	must(count > 0 && err == nil, "no chunk")
	readToEnd(body)
	return took
}

/* The time of all of it. */
func whole(act func(args []js.Value)) func(args []js.Value) time.Duration {
	return func(args []js.Value) time.Duration {
		begin := time.Now()
		act(args)
		return time.Since(begin)
	}
}

func export(name string, act func(args []js.Value) time.Duration) {
	call := js.FuncOf(func(this js.Value, args []js.Value) any {
		answer := js.FuncOf(func(this js.Value, how []js.Value) any {
			go func() {
				defer func() {
					if reason := recover(); reason != nil {
						text := fmt.Sprint(reason)
						how[1].Invoke(js.Global().Get("Error").New(text))
					}
				}()
				how[0].Invoke(float64(act(args).Nanoseconds()) / 1e6)
			}()
			return nil
		})
		defer answer.Release()
		return js.Global().Get("Promise").New(answer)
	})
	js.Global().Set(name, call)
}

func main() {
	export("goDownload", whole(download))
	export("goFirstChunk", firstChunk)
	export("goInFlight", whole(inFlight))
	export("goHashBlocks", whole(hashBlocks))
	export("goDraw", whole(draw))
	select {}
}
