//go:build js

/* browser: waits for one animation frame after the other and counts them. */
package main

import "syscall/js"

func main() {
	frames := 0
	wake := make(chan float64, 1)
	onFrame := js.FuncOf(func(this js.Value, args []js.Value) any {
		wake <- args[0].Float()
		return nil
	})
	count := js.FuncOf(func(this js.Value, args []js.Value) any {
		return frames
	})
	js.Global().Set("goFrameCount", count)
	request := js.Global().Get("requestAnimationFrame")
	for {
		request.Invoke(onFrame)
		<-wake
		frames++
	}
}
