/* abort(), and with it a failed assert(): a trap, which the glue reports with
 * the goroutine and the stack. Emscripten's own would end the program with an
 * exit code like any other. Linked with --wrap, as in heap.c. */
#ifdef __EMSCRIPTEN__
_Noreturn void __wrap_abort(void);
_Noreturn void __wrap_abort(void) { __builtin_trap(); }
#endif
