/* Memory in wasm: the size of the module's linear memory. */
package main

import "syscall/js"

func memoryBytes() int64 {
	return int64(js.Global().Call("benchMemoryBytes").Float())
}
